// SPDX-License-Identifier: Apache-2.0

import Certificates
import ChainFetch
import Host
import Journal
import Ledger
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The ledger and the state folder are removed, emptied or replaced, beside the daemon and under it.
@Suite(.timeLimit(.minutes(10))) struct StateLossTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.configure("keystores: {own: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: a.pse}}]}}\n")
  }

  private func removeLedger() throws {
    for suffix in ["", "-wal", "-shm"] {
      try HostFiles().removeTree(at: FilePath(site.layout.ledger.string + suffix))
    }
  }

  @Test func `a first start misses nothing`() async throws {
    #expect(try await !site.settle().contains(.ledgerMissing))
    #expect(try await !site.settle().contains(.ledgerMissing))
  }

  @Test(arguments: [[""], ["accepted-configuration.json"], ["accepted-configuration.json", "ledger.key"]])
  func `an emptied or removed ledger is told, whatever else is left`(others: [String]) async throws {
    try await site.settle()
    try removeLedger()
    if others == [""] {
      try site.folder.write("state/ledger.sqlite3", bytes: [])
    } else {
      for other in others { try HostFiles().removeTree(at: site.layout.root.appending(other)) }
    }
    let told = try await site.settle()
    #expect(told.filter { $0 == .ledgerMissing }.count == 1)
    #expect(try await !site.settle().contains(.ledgerMissing), "once")
  }

  @Test(arguments: ["", "/ledger.sqlite3", "/ledger.sqlite3-wal"], [false, true])
  func `a daemon notices that its state was taken away`(name: String, isReplaced: Bool) async throws {
    let place = FilePath(site.layout.root.string + name)
    try await site.run { daemon in
      try await daemon.settle()
      try StatePresence(site.layout, files: HostFiles()).check()
      let presence = try StatePresence(site.layout, files: HostFiles())
      try HostFiles().rename(from: place, to: FilePath(place.string + ".away"))
      if isReplaced {
        if name.isEmpty {
          try HostFiles().makeDirectory(at: place, mode: .ownerReadWriteExecute)
        } else {
          try HostFiles().createFile(at: place, mode: .ownerReadWrite, contents: SecretBytes(copying: []))
        }
      }
      let loss = #expect(throws: StateLoss.self) { try presence.check() }
      #expect(loss?.path == place && loss?.isReplaced == isReplaced)
      try HostFiles().removeTree(at: place)
      try HostFiles().rename(from: FilePath(place.string + ".away"), to: place)
      try presence.check()
    }
  }

  @Test func `a whole daemon ends with a clear last line when its ledger is removed`() async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let daemon = Daemon(
      configuration: site.configuration, layout: site.layout, credentialsFolder: nil, clock: site.clock,
      logger: logger, events: site.recorder.events, notifier: ServiceManagerNotifier(logger: logger), version: "1",
      files: HostFiles(), systemStore: nil)
    let settings = try daemon.readConfiguration()
    let lock = try daemon.takeState()
    defer { withExtendedLifetime(lock) {} }
    let (context, services) = try await daemon.prepare(settings)
    defer { services.fetcher.shutDown() }
    try removeLedger()
    await #expect(throws: StateLoss.self) { try await services.conductor.run() }
    #expect(Daemon.culprit(of: StateLoss(name: "the ledger", path: context.layout.ledger, isReplaced: false)) == .host)
    try context.ledger.close()
    #expect(try HostFiles().linkStatusIfPresent(of: site.layout.ledger) == nil, "closing makes nothing anew")
  }

  @Test func `a second daemon does not run beside the first, whatever was removed from the folder`() async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    try await site.run { running in
      for name in try HostFiles().list(site.layout.root) where name.contains("lock") {
        try HostFiles().removeTree(at: site.layout.root.appending(name))
      }
      let second = Daemon(
        configuration: site.configuration, layout: site.layout, credentialsFolder: nil, clock: site.clock,
        logger: logger, events: site.recorder.events, notifier: ServiceManagerNotifier(logger: logger), version: "1",
        files: HostFiles(), systemStore: nil)
      let refusal = #expect(throws: StartError.self) { _ = try second.takeState() }
      guard case .alreadyRunning? = refusal else {
        Issue.record("\(String(describing: refusal))")
        return
      }
      _ = running
    }
  }
}
