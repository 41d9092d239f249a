// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A ledger that another process holds, or whose disk returns garbage, while the daemon runs.
struct LedgerFaultTests {
  /// Holds the ledger like an administrator's forgotten transaction, until it is told to let go.
  private static let holder = """
    import sqlite3, sys
    ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
    ledger.execute("BEGIN EXCLUSIVE")
    print("held", flush=True)
    sys.stdin.read()
    """

  @Test func `a ledger that another process holds ends the daemon, and the next start goes on`() async throws {
    let scene = try await CrashScene()
    try await scene.restore()
    let watch = Watch(scene)
    let ledger = scene.site.layout.ledger
    let options = LedgerOptions(busyTimeout: .milliseconds(50))
    let failure = await #expect(throws: LedgerError.self) {
      try await scene.site.run(ledgerOptions: options) { daemon in
        try await OutsideTool.run("python3", ["-c", Self.holder, ledger.string]) { try await daemon.settle() }
      }
    }
    #expect(failure == .busy(ledger: ledger) && failure?.culprit == .host)
    try await watch.end("another process holds the ledger")
    try await scene.play()
    try await scene.expectEndOfDay("another process held the ledger")
  }

  @Test(arguments: ["garbage", "half"])
  func `a ledger that is damaged while the daemon runs is set aside at the next start`(damage: String) async throws {
    let scene = try await CrashScene()
    try await scene.restore()
    let watch = Watch(scene)
    let ledger = scene.site.layout.ledger
    do {
      try await scene.site.run { daemon in
        try Self.harm(ledger, damage)
        try await daemon.settle()
      }
    } catch let error as LedgerError {
      // It may also be that nothing of what is damaged was read.
      #expect(error.culprit == .host, "\(error)")
    }
    try await watch.end("the ledger is damaged: \(damage)")
    try Self.harm(ledger, damage)
    try await scene.play()
    scene.site.clock.advance(by: .minutes(70))
    try await scene.play()
    #expect(try scene.inForce() == Set(CrashScene.keystores.keys), "the day's work is done: \(damage)")
    let names = try HostFiles().list(ledger.removingLastComponent())
    #expect(names.contains { $0.contains(".damaged-") }, "\(names)")
  }

  private static func harm(_ ledger: FilePath, _ damage: String) throws {
    var bytes = try HostFiles().readFile(ledger, limit: 64 << 20)
    if damage == "half" {
      bytes.removeLast(bytes.count / 2)
    } else {
      for start in stride(from: 4096, to: bytes.count - 512, by: 4096) {
        bytes.replaceSubrange(start..<start + 512, with: repeatElement(0xA5, count: 512))
      }
    }
    // In place, as a disk does it.
    try Data(bytes).write(to: URL(filePath: ledger.string))
  }
}
