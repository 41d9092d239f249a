// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Journal
import Ledger
import Planning
import TestSupport
import Testing

@testable import Rotation

/// The whole daemon against a platform of which one call in five goes wrong.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct PlatformStormTests {
  @Test(arguments: [("it-rt-cf", "cloud-integration", 1), ("xsuaa-sm", "xsuaa", 2)])
  func `keys go on through the storm, and the platform ends with those that the ledger knows`(
    instance: String, preset: String, days: Int
  ) async throws {
    try await PlatformSite.run(["--seed", "\(days)"]) { platform in
      try platform.configure(instance: instance, preset: preset, validity: days, more: "overlap: 6h")
      try await platform.control(.post, "/faults", "{\"rate\":0.2}")
      try await platform.site.run { daemon in
        let lifetime = Double(days) * day
        var lapses = 0
        for time in stride(from: aTime + lifetime / 2, to: aTime + 10 * lifetime, by: lifetime / 4) {
          try await platform.live(daemon, until: time)
          let held = await daemon.context.landscape.inventory.keystores["sender"]?.current?.identity
          if (held?.notAfter ?? .distantPast) <= time { lapses += 1 }
        }
        #expect(lapses == 0)
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 11 * lifetime + 3 * day)
        let known = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state != .deleted }
        let ours = try await platform.ours()
        #expect(Set(ours.filter(\.exists).map(\.guid)) == Set(known.map(\.guid)))
        #expect(ours.count >= 10)
        // A read whose answer was lost does not count.
        #expect((ours.map(\.detailsReads).max() ?? 0) == 1)
      }
    }
  }
}
