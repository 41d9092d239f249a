// SPDX-License-Identifier: Apache-2.0

import Certificates
import Glibc
import Host
import Keystores
import OpenSSLBridge
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A consumer that opens the files of a ``CrashScene`` again and again, as other programs do at any moment.
final class Watch: Sendable {
  private let folder: TemporaryFolder
  private let layout: StateLayout
  private let state = Mutex<(isOver: Bool, looks: Int, faults: [String])>((false, 0, []))
  private let worker = Mutex<Task<Void, Never>?>(nil)

  init(_ scene: CrashScene) {
    folder = scene.site.folder
    layout = scene.site.layout
    let task = Task.detached { [self] in
      repeat {
        look()
        // A pace, not a wait: without one it would take a whole processor from what it watches.
        do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
      } while !state.withLock(\.isOver)
    }
    worker.withLock { $0 = task }
  }

  /// Looks once more, and tells what was wrong at any time.
  func end(_ what: String) async throws {
    state.withLock { $0.isOver = true }
    await worker.withLock(\.self)?.value
    look()
    let (_, looks, faults) = state.withLock(\.self)
    #expect(looks > 0 && faults.isEmpty, "\(what): \(faults.prefix(3)) in \(looks) looks")
  }

  private func look() {
    var found: [String] = []
    do {
      try lookAtPair()
      _ = try RunningSite.read(folder.file("outside.pse"), as: .pse())
      let outside = String(
        decoding: try HostFiles().readFile(folder.file("outside.pem"), limit: 1 << 16), as: UTF8.self)
      if !outside.hasSuffix("-----END CERTIFICATE-----\n") { found.append("outside.pem is cut off") }
    } catch {
      found.append("\(error)")
    }
    state.withLock { state in
      state.looks += 1
      state.faults += found
    }
  }

  /// Certificate and key of one generation fit, read through a folder that was opened once.
  private func lookAtPair() throws {
    let files = HostFiles()
    let current = try files.openFolder(at: layout.keystore("sender").appending("current"))
    let certificate = try files.readFile(current.location("cert.pem"), limit: 1 << 16)
    let key = try files.readSecretFile(current.location("key.pem"), limit: 1 << 16)
    let leaf = try #require(try PEMReader.certificates(in: certificate).first)
    if !(try PrivateKey(pem: key).fits(leaf)) { throw WatchFault.mixedPair }
  }
}

private enum WatchFault: Error { case mixedPair }
