// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Journal
import Ledger
import Planning
import TestSupport
import Testing

@testable import Rotation

/// Two installations that share a service instance, of which one renews.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct SharedInstanceTests {
  private func inForce(_ daemon: RunningSite) async throws -> String? {
    try await daemon.context.ledger.platformKeys(of: "sender").first { $0.state == .inForce }?.guid
  }

  @Test func `a key that one renews is the other's, too, long before the old one is deleted`() async throws {
    try await PlatformSite.run { platform in
      let other = try PlatformSite(platform.simulator)
      try platform.configure(installation: "one", more: "overlap: 8d")
      try other.configure(installation: "two", more: "overlap: 8d")
      try await platform.site.run { first in
        try await other.site.run { second in
          var now = aTime
          func live(_ seconds: TimeInterval) async throws {
            for time in stride(from: now + day / 4, through: now + seconds, by: day / 4) {
              try await platform.live(first, until: time)
              other.site.clock.set(time)
              for _ in 0..<3 { try await second.settle() }
            }
            now += seconds
          }
          try await live(day)
          let old = try #require(try await inForce(first))
          #expect(try await inForce(second) == old)
          _ = other.site.recorder.take()

          _ = try await first.services.keys.renew("sender", now: true)
          try await live(3 * day)
          let new = try #require(try await inForce(first))
          #expect(new != old)
          #expect(try await platform.bookedKey(old)?.exists == true, "the overlap lasts")
          #expect(try await inForce(second) == new)
          let told = other.site.recorder.take()
          #expect(
            told.map(\.event).prefix(5) == [.keyDue, .keyAdopted, .keyVerified, .keystoreWritten, .keyRenewed])
          #expect(told.first?.fields[.reason] == "another installation has renewed the key")

          try await live(10 * day)
          #expect(try await platform.ours().map(\.exists) == [false, true], "neither renews because of the other")
          #expect(try await inForce(first) == new)
          #expect(try await inForce(second) == new)
        }
      }
    }
  }

  @Test func `after a lost ledger a renewal makes a new key, and does not take an older one for it`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        _ = try await daemon.services.keys.renew("sender", now: true)
        try await platform.live(daemon, until: aTime + 1200)
      }
      let before = try await platform.ours()
      #expect(before.map(\.exists) == [true, true])
      try HostFiles().removeTree(at: platform.site.layout.root)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 1800)
        #expect(try await inForce(daemon) == before.last?.guid)
        _ = try await daemon.services.keys.renew("sender", now: true)
        try await platform.live(daemon, until: aTime + 2400)
        let keys = try await platform.ours()
        #expect(keys.count == 3)
        #expect(try await inForce(daemon) == keys.last?.guid)
        #expect(keys.first?.detailsReads == 1, "the oldest is not looked at again")
      }
    }
  }
}
