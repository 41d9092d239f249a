// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Host
import SystemPackage

@testable import Ledger

/// A temporary folder with a ledger in it, removed with this value.
final class LedgerFolder: Sendable {
  let path: FilePath

  init() throws {
    path = FilePath("/tmp/certrotd-ledger-\(UUID().uuidString)")
    try HostFiles().makeDirectory(at: path, mode: .ownerReadWriteExecute)
  }

  deinit {
    do {
      try HostFiles().removeTree(at: path)
    } catch {
      preconditionFailure("a test left \(path) behind: \(error)")
    }
  }

  var ledger: FilePath { path.appending("ledger.sqlite3") }
  var keyFile: FilePath { path.appending("ledger.key") }

  func open(
    _ access: LedgerAccess = .readWrite, sealing: SealingKeySource? = nil, options: LedgerOptions = LedgerOptions(),
    now: Date = TestCertificate.start
  ) throws(LedgerError) -> LedgerOpening {
    try LedgerStore.open(
      at: ledger, sealing: sealing ?? .file(keyFile), access: access, options: options, now: now)
  }

  func store() throws(LedgerError) -> LedgerStore { try open().store }

  /// A second connection, as another program would have one.
  func stranger() throws -> DatabaseQueue {
    var configuration = Configuration()
    // So that a test can hold a transaction open.
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: ledger.string, configuration: configuration)
  }

  func bytes(_ file: FilePath) throws -> [UInt8] { try HostFiles().readFile(file, limit: 1 << 30) }

  func write(_ bytes: [UInt8], to file: FilePath) throws {
    try HostFiles().replaceFile(at: file, mode: .ownerReadWrite, contents: SecretBytes(copying: bytes))
  }

  func names() throws -> [String] { try HostFiles().list(path) }
}

/// `seconds` after the start of all tests.
func later(_ seconds: Double) -> Date { TestCertificate.start.addingTimeInterval(seconds) }
