// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Settings
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The daemon dies between what it records and what it tells of it.
struct OwedNewsTests {
  private let site: Site

  init() throws {
    site = try Site()
    let authority = try Authority.one.get()
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.folder.write("sender.json", bytes: authority.leaf().serviceKeyJSON().utf8)
    try site.configure(
      """
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
      keystores:
        client:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.pem}}]
      """)
  }

  /// Ends everything once the write of this name has reached the disk for this many times.
  private final class End: LedgerCheckpoint {
    private let write: String
    private let remaining: Mutex<Int>

    init(after write: String, times: Int) {
      self.write = write
      remaining = Mutex(times)
    }

    func pass(_ point: LedgerPoint) throws(LedgerError) {
      guard point.moment == .committed, point.write.contains(write) else { return }
      let isEnd = remaining.withLock { remaining in
        remaining -= 1
        return remaining == 0
      }
      if isEnd { throw .busy(ledger: "/ended") }
    }
  }

  /// The second time that a generation is marked, it is in force.
  @Test(arguments: [
    ("acceptIdentity", 1, Event.keyAccepted, LedgerSubject(.serviceKey, "sender")),
    ("markGeneration", 2, .keystoreWritten, LedgerSubject(.keystore, "client")),
  ])
  func `the next start tells what was recorded and not told`(
    write: String, times: Int, event: Event, subject: LedgerSubject
  ) async throws {
    let options = LedgerOptions(checkpoint: End(after: write, times: times))
    await #expect(throws: LedgerError.self) {
      try await site.run(ledgerOptions: options) { try await $0.settle() }
    }
    #expect(!site.recorder.takeNames().contains(event))
    try await site.run { daemon in
      #expect(site.recorder.takeNames().count { $0 == event } == 1)
      try await daemon.settle()
      let history = try await daemon.context.ledger.history(subject, limit: 9)
      #expect(history.count { $0.event == event.rawValue } == 1)
    }
    _ = site.recorder.take()
    #expect(try await site.settle() == [.started, .configurationApplied], "once is enough")
  }

  @Test func `a rollback that was cut off is told`() async throws {
    try await site.settle()
    try site.folder.write("sender.json", bytes: Authority.one.get().leaf(days: 200).serviceKeyJSON().utf8)
    try await site.settle()
    try await site.run(ledgerOptions: LedgerOptions(checkpoint: End(after: "rollBackGeneration", times: 1))) { daemon in
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let rollback = Rollback(context: daemon.context, shelf: GenerationShelf(layout: site.layout, files: HostFiles()))
      await #expect(throws: LedgerError.self) { try await rollback.run(settings, to: 1) }
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(!site.recorder.takeNames().contains(.keystoreRolledBack))
    }
    #expect(try await site.settle() == [.started, .keystoreRolledBack, .configurationApplied])
  }

  @Test func `going back passes over an identity that has ended, unless it is named`() async throws {
    let authority = try Authority.one.get()
    for days in [30.0, 300] {
      try site.folder.write("sender.json", bytes: authority.leaf(days: days).serviceKeyJSON().utf8)
      try await site.settle()
    }
    site.clock.advance(by: .days(40))
    try await site.run { daemon in
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let rollback = Rollback(context: daemon.context, shelf: GenerationShelf(layout: site.layout, files: HostFiles()))
      do {
        _ = try await rollback.run(settings, to: nil)
        Issue.record("it went back to an identity that has ended")
      } catch RollbackError.noneWhole("client", current: 2, let skipped) {
        #expect(skipped.map(\.generation) == [1] && skipped[0].reason.contains("its identity ended at"), "\(skipped)")
      }
      _ = site.recorder.take()
      let done = try await rollback.run(settings, to: 1)
      #expect(done.inForce == 1 && done.previous == 2 && done.skipped.isEmpty)
      #expect(done.warnings.count == 1 && done.warnings[0].contains("its identity ended at"), "\(done)")
      let told = try #require(site.recorder.take(.keystoreRolledBack).last)
      #expect(told.fields[.reason]?.contains("its identity ended at") == true, "\(told)")
    }
  }
}
