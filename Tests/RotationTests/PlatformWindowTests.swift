// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Journal
import Planning
import Settings
import TestSupport
import Testing

@testable import Rotation

/// Keys on the platform whose keystore may change on Tuesdays only.
@Suite(
  .enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized,
  .timeLimit(.minutes(10)))
struct PlatformWindowTests {
  private static let window = "    change-window: {days: tue, from: \"03:00\", to: \"05:00\"}"

  @Test
  func `the old key stays until its keystore had its window and the overlap is over, and nothing counts as failing`()
    async throws
  {
    try await PlatformSite.run { platform in
      // Of ninety days the last third, which begins on a Wednesday.
      try platform.configure(validity: 90, files: Self.window)
      let site = platform.site
      try await site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        #expect(site.recorder.takeNames().last == .keyRenewed, "the first key and the first generation do not wait")
        let landscape = daemon.context.landscape
        let key = try #require(await landscape.inventory.serviceKeys["sender"]?.identity)
        let keystore = try #require(await landscape.configuration.keystore(named: "sender"))
        let due = key.notAfter - 29.7 * day
        let opening = try #require(WindowCalendar.nextOpening(of: keystore.changeWindows, after: due)?.at)
        #expect(opening > due + day, "the window is days away")

        try await platform.live(daemon, until: opening - 1)
        #expect(site.recorder.takeNames() == [.keyDue, .keyCreated, .keyVerified])
        #expect(try await platform.ours().map(\.exists) == [true, true])
        #expect(try await platform.ours().map(\.detailsReads) == [1, 1])
        #expect(platform.hookRuns() == 1)
        let rotation = try #require(await daemon.context.landscape.inventory.serviceKeys["sender"]?.rotation)
        #expect(rotation.phase == "verified" && rotation.obstacle?.contains("wait for their change windows") == true)

        try await platform.live(daemon, until: opening + 3600)
        #expect(site.recorder.takeNames() == [.keystoreWritten, .keyRenewed])
        #expect(platform.hookRuns() == 2)
        try await platform.live(daemon, until: opening + 2 * day - 60)
        #expect(try await platform.ours().map(\.exists) == [true, true], "the overlap began in the window")
        try await platform.live(daemon, until: opening + 3 * day)
        #expect(site.recorder.takeNames() == [.keyOverlapEnded, .keyDeleted])
        #expect(try await platform.ours().map(\.exists) == [false, true])
      }
    }
  }

  @Test func `where the old key is deleted first that waits for the window, and the new one does not`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(validity: 90, more: "replace: delete-first", files: Self.window)
      let site = platform.site
      try await site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let landscape = daemon.context.landscape
        let end = try #require(await landscape.inventory.serviceKeys["sender"]?.identity).notAfter
        let keystore = try #require(await landscape.configuration.keystore(named: "sender"))
        let opening = try #require(WindowCalendar.nextOpening(of: keystore.changeWindows, after: end - 29.7 * day)?.at)
        _ = site.recorder.take()
        try await platform.live(daemon, until: opening - 2 * 3600)
        async let outcome = daemon.services.control.desk.renew("sender", now: true) { _ in }
        // A wish ends the wait.
        while case .waiting = await landscape.inventory.serviceKeys["sender"]?.rotation?.standing { await Task.yield() }
        try await platform.live(daemon, until: opening - 3600)
        #expect(try await outcome.result == .underway, "whoever asks is told that it waits")
        try await platform.live(daemon, until: opening - 1)
        #expect(site.recorder.takeNames() == [.keyDue])
        #expect(try await platform.ours().map(\.exists) == [true], "whatever uses it works on")
        let rotation = try #require(await landscape.inventory.serviceKeys["sender"]?.rotation)
        #expect(rotation.obstacle?.contains("it waits for the window of the keystore sender, which opens at") == true)
        try await platform.live(daemon, until: opening + 3600)
        #expect(
          site.recorder.takeNames() == [.keyDeleted, .keyCreated, .keyVerified, .keystoreWritten, .keyRenewed])
      }
    }
  }
}
