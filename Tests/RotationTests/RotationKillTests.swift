// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Synchronization
import TestSupport
import Testing

@testable import Rotation

/// Whatever step of a rotation a SIGKILL cuts off, the next start goes on as if nothing had happened.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct RotationKillTests {
  /// Every state that a renewal with an overlap records, in this order.
  static let phases = [
    "due", "reserved", "requesting", "following", "created", "reading", "held", "examined", "verified", "delivered",
    "deleting", "done", "put-away",
  ]

  @Test func `a crash before and after each record leaves one new key`() async throws {
    try await crash("it-rt-cf", "cloud-integration", Self.phases, more: "overlap: 4d")
  }

  @Test func `a crash around each call of a Service Manager leaves one new key`() async throws {
    let phases = ["requesting", "following", "reading", "held", "delivered", "deleting"]
    try await crash("xsuaa-sm", "xsuaa", phases, more: "overlap: 4d")
  }

  @Test func `a crash around a deletion that comes first leaves one new key`() async throws {
    try await crash("theming-cf", "xsuaa-reuse", ["clearing", "due", "requesting"], more: "replace: delete-first")
  }

  private func crash(_ instance: String, _ preset: String, _ phases: [String], more: String) async throws {
    let witness = Witness()
    try await PlatformSite.run(checkpoint: witness) { platform in
      try platform.configure(instance: instance, preset: preset, more: more)
      try await platform.site.run { try await platform.live($0, until: aTime + 3600) }
      var generations = 1
      for phase in phases {
        for moment in [RotationPoint.Moment.beforeRecording, .afterRecording] {
          let point = RotationPoint(serviceKey: "sender", phase: phase, moment: moment)
          let end = platform.site.clock.now() + 25 * day
          let scene = KillScene(platform, point, until: end)
          await #expect(processExitsWith: .signal(SIGKILL), "\(point)") { [scene = scene as KillScene] in
            try await scene.play()
          }
          platform.site.clock.set(try await platform.clock())
          try await platform.site.run { daemon in
            try await platform.live(daemon, until: end) {
              let keys = try await platform.ours()
              let isOver = try await daemon.context.ledger.rotations().isEmpty
              return isOver && keys.count > generations && keys.count(where: \.exists) == 1
            }
            #expect(try await daemon.context.ledger.rotations().isEmpty, "\(point)")
            let known = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
            let ours = try await platform.ours()
            let existing = ours.filter(\.exists)
            #expect(existing.count == 1, "\(point): \(existing.map(\.name))")
            #expect(known.map(\.guid) == existing.map(\.guid), "\(point)")
            #expect(try await toldTwice(daemon).isEmpty, "\(point)")
          }
          generations += 1
          let ours = try await platform.ours()
          #expect(ours.count == generations, "\(point): one key was made")
          #expect((ours.map(\.detailsReads).max() ?? 0) <= 2, "\(point)")
          let last = try #require(ours.last)
          // Only who crashed between reading and sealing has to read again.
          #expect(
            last.detailsReads == 1 || (phase == "held" && moment == .beforeRecording), "\(point): \(last.detailsReads)")
          #expect(platform.hookRuns() >= generations, "\(point)")
        }
      }
    }
    let deletesFirst = more.contains("delete-first")
    let expected = Set(Self.phases).symmetricDifference(deletesFirst ? ["clearing", "delivered", "deleting"] : [])
    #expect(witness.phases == expected, "no state that is recorded is left out")
  }
}

extension RotationKillTests {
  /// What the history has more than once of one key, or of one look at what is due.
  private func toldTwice(_ daemon: RunningSite) async throws -> [String] {
    let history = try await daemon.context.ledger.history(LedgerSubject(.serviceKey, "sender"), limit: 1000)
    let told = history.filter { $0.event.hasPrefix("key.") && $0.event != Event.keyAttemptFailed.rawValue }
    let news = told.map { entry in
      let fields = [EventField.keyGUID, .keyName, .notAfter].compactMap { entry.fields[$0.rawValue] }
      return ([entry.event] + fields).joined(separator: " ")
    }
    return Dictionary(grouping: news, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
  }
}

/// Lets all pass, and remembers which states were recorded.
private final class Witness: RotationCheckpoint {
  private let seen = Mutex<Set<String>>([])

  var phases: Set<String> { seen.withLock { $0 } }

  func pass(_ point: RotationPoint) async { seen.withLock { _ = $0.insert(point.phase) } }
}
