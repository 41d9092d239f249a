// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import HTTPTransport
import Journal
import Ledger
import Planning
import TestSupport
import Testing

@testable import Rotation

/// What an operator is told who acts on a renewal that failed before.
@Suite(
  .enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized,
  .timeLimit(.minutes(10)))
struct RenewalByHandTests {
  private func last(_ progress: AsyncStream<KeyProgress>) async -> KeyProgress? {
    var last: KeyProgress?
    for await step in progress { last = step }
    return last
  }

  private func state(_ daemon: RunningSite) async -> SourceState {
    await daemon.context.landscape.inventory.serviceKeys["sender"] ?? SourceState()
  }

  @Test func `a renewal whose cause of failure is gone ends with what came of it`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("reset", "cf.keys.create", times: -1)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 1800) {
          if case .failed = await state(daemon).rotation?.standing { true } else { false }
        }
        #expect(await state(daemon).rotation?.phase == "requesting", "whether it was made has to be looked for")
        try await platform.control(.delete, "/faults")
        let progress = try await daemon.services.keys.renew("sender", now: false)
        try await platform.live(daemon, until: platform.site.clock.now() + 600)
        guard case .ended(true, _)? = await last(progress) else {
          Issue.record("it ended with the failure of before")
          return
        }
      }
    }
  }

  @Test func `a renewal that works is not judged by an earlier look that failed`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        try await platform.fault("unavailable", "cf.keys.list", times: -1)
        try await platform.live(daemon, until: aTime + 5 * day) { await state(daemon).schedule.failures > 0 }
        let failed = await state(daemon).schedule
        #expect(failed.failures > 0)
        try await platform.control(.delete, "/faults")
        async let outcome = daemon.services.control.desk.renew("sender", now: true) { _ in }
        while await state(daemon).request == nil { await Task.yield() }
        // No farther than a renewal takes, so that the look is not repeated meanwhile.
        try await platform.live(daemon, until: platform.site.clock.now() + 20)
        let result = try await outcome
        #expect(result.result == .renewed, "\(result)")
        let excused = await state(daemon).schedule
        #expect(excused.failures == 0 && excused.lastSuccess == failed.lastSuccess, "it was not looked: \(excused)")
      }
    }
  }

  @Test func `a key is adopted while no other one can be made`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        try await platform.setClocks(aTime + 20.5 * day)
        try await platform.fault("job-failed", "cf.keys.create", times: -1)
        try await platform.live(daemon, until: aTime + 22 * day) {
          let rotation = await state(daemon).rotation
          return rotation?.waitsUntil.map { $0 > platform.site.clock.now() + 3 * 3600 } ?? false
        }
        let waiting = try #require(await state(daemon).rotation)
        #expect(waiting.phase == "due" && waiting.newKey == nil, "\(waiting)")
        _ = platform.site.recorder.take()
        let made = try await platform.calls("cf.keys.create")
        let guid = try await platform.addKey(
          "by-hand", parameters: "{\"key-type\":\"certificate\",\"validity\":30}")
        let progress = try await daemon.services.keys.adopt("by-hand", as: "sender")
        try await platform.live(daemon, until: platform.site.clock.now() + 600)
        guard case .ended(true, _)? = await last(progress) else {
          Issue.record("it was not adopted")
          return
        }
        #expect(
          platform.site.recorder.takeNames() == [.keyDue, .keyAdopted, .keyVerified, .keystoreWritten, .keyRenewed])
        let inForce = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        #expect(inForce.map(\.guid) == [guid])
        #expect(try await platform.calls("cf.keys.create") == made, "no other one was asked for")
      }
    }
  }
}
