// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import HTTPTransport
import Journal
import Ledger
import TestSupport
import Testing

@testable import Rotation

/// Keys that somebody made on the platform and gave to certrotd.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct KeyAdoptionTests {
  private static let parameters = "{\"key-type\":\"certificate\",\"validity\":30}"

  @Test(arguments: [true, false])
  func `the key that the configuration names is the first one`(byName: Bool) async throws {
    try await PlatformSite.run { platform in
      let guid = try await platform.addKey("by-hand", parameters: Self.parameters)
      try platform.configure(adopt: byName ? "by-hand" : guid)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        #expect(
          platform.site.recorder.takeNames() == [
            .started, .configurationApplied, .keyDue, .keyAdopted, .keyVerified, .keystoreWritten, .keyRenewed,
          ])
        #expect(try await platform.ours().isEmpty, "no other one is made")
        try await platform.live(daemon, until: aTime + 25 * day)
        #expect(platform.site.recorder.takeNames().suffix(2) == [.keyOverlapEnded, .keyDeleted])
        let adopted = try #require(try await platform.bookedKey(guid))
        #expect(!adopted.exists && adopted.detailsReads == 1, "it was certrotd's, and was replaced")
        #expect(try await platform.ours().map(\.exists) == [true])
      }
    }
  }

  @Test func `a key that the configuration names and nobody made is made`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(adopt: "absent")
      try await platform.site.run { try await platform.live($0, until: aTime + 3600) }
      #expect(try await platform.ours().map(\.exists) == [true])
    }
  }

  @Test func `an adoption that fails names who is at fault`() async throws {
    try await PlatformSite.run { platform in
      let guid = try await platform.addKey("by-hand", parameters: Self.parameters)
      try platform.configure()
      try await platform.site.run { try await platform.live($0, until: aTime + 3600) }
      let closed = try ClosedPort()
      try platform.configure(verify: "{request: \"https://127.0.0.1:\(closed.port)/\", method: HEAD}")
      try await platform.site.run { daemon in
        try await withThrowingTaskGroup { group in
          group.addTask { try await daemon.services.conductor.run() }
          let fault = await #expect(throws: Fault.self) {
            try await daemon.services.control.desk.adoptKey("sender", guid: guid, force: true)
          }
          group.cancelAll()
          try await group.waitForAll()
          guard case .refused(let reason, let culprit)? = fault else {
            Issue.record("\(String(describing: fault))")
            return
          }
          #expect(culprit == "network" && reason.contains("could not be tried"), "\(reason)")
        }
      }
    }
  }

  @Test func `a key that an operator adopts takes the place of the one in force`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let guid = try await platform.addKey("by-hand", parameters: Self.parameters)
        _ = platform.site.recorder.take()
        let listed = try await daemon.services.keys.keys(of: "sender")
        #expect(listed.map(\.standing).contains(.inForce) && listed.map(\.standing).contains(.other))
        _ = try await daemon.services.keys.adopt("by-hand", as: "sender", force: true)
        try await platform.live(daemon, until: aTime + 2 * 3600)
        #expect(
          platform.site.recorder.takeNames() == [
            .keyDue, .keyAdopted, .keyVerified, .keystoreWritten, .keyRenewed,
          ])
        let known = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        #expect(known.map(\.guid) == [guid])
        try await platform.live(daemon, until: aTime + 4 * day)
        #expect(platform.site.recorder.takeNames() == [.keyOverlapEnded, .keyDeleted])
        #expect(try await platform.ours().map(\.exists) == [false], "the one that it replaced is gone")
        let adopted = try #require(try await platform.bookedKey(guid))
        #expect(adopted.exists && adopted.detailsReads == 1)
      }
    }
  }

  @Test func `an old key that is adopted and refused is deleted after its overlap all the same`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let old = try #require(try await platform.ours().first)
        try await platform.live(daemon, until: aTime + 20.5 * day)
        let before = try await daemon.context.ledger.platformKeys(of: "sender").first { $0.guid == old.guid }
        #expect(before?.state == .retiring && before?.overlapEnds != nil)
        _ = platform.site.recorder.take()
        await #expect(throws: PlatformKeyControl.Refusal.self, "it is known to end earlier") {
          try await daemon.services.keys.adopt(old.name, as: "sender")
        }
        #expect(platform.site.recorder.takeNames().isEmpty)
        #expect(try await platform.bookedKey(old.guid)?.detailsReads == 1)
        try await platform.fault("refused", "token.token", times: -1)
        _ = try await daemon.services.keys.adopt(old.name, as: "sender", force: true)
        try await platform.live(daemon, until: platform.site.clock.now() + 3600)
        #expect(platform.site.recorder.takeNames() == [.keyDue, .keyRefused])
        try await platform.control(.delete, "/faults")
        let after = try await daemon.context.ledger.platformKeys(of: "sender").first { $0.guid == old.guid }
        #expect(after == before)
        try await platform.live(daemon, until: aTime + 25 * day)
        #expect(try await platform.bookedKey(old.guid)?.exists == false)
        #expect(platform.site.recorder.takeNames() == [.keyOverlapEnded, .keyDeleted])
      }
    }
  }

  @Test func `a key that nobody knew and that is refused is read by who asks for it, and by nobody else`() async throws
  {
    try await PlatformSite.run { platform in
      let guid = try await platform.addKey("short", parameters: "{\"key-type\":\"certificate\",\"validity\":5}")
      try platform.configure(validity: 90)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        _ = try await daemon.services.keys.adopt("short", as: "sender")
        try await platform.live(daemon, until: aTime + 20 * day)
        #expect(try await platform.bookedKey(guid)?.detailsReads == 1)
      }
      // A restart, a configuration that names it now, and a renewal that looks for a key to use.
      try platform.configure(validity: 90, adopt: "short")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 70 * day)
        #expect(try await platform.bookedKey(guid)?.detailsReads == 1)
        #expect(try await platform.ours().count == 2, "it was renewed meanwhile")
        _ = try await daemon.services.keys.adopt("short", as: "sender")
        try await platform.live(daemon, until: aTime + 75 * day)
        #expect(try await platform.bookedKey(guid)?.detailsReads == 2, "somebody asked once more")
      }
    }
  }

  @Test func `a key that ends before the one in force is taken over only by who insists`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let guid = try await platform.addKey("short", parameters: "{\"key-type\":\"certificate\",\"validity\":5}")
        _ = platform.site.recorder.take()
        let progress = try await daemon.services.keys.adopt("short", as: "sender")
        try await platform.live(daemon, until: aTime + 2 * 3600)
        var last: KeyProgress?
        for await step in progress { last = step }
        guard case .ended(false, let sentence)? = last else {
          Issue.record("\(String(describing: last))")
          return
        }
        #expect(sentence.contains("no later than the one in force") && sentence.contains("certrotd key adopt --force"))
        #expect(sentence.hasSuffix("the key in force stays"), "\(sentence)")
        #expect(platform.site.recorder.takeNames() == [.keyDue, .keyRefused])
        let kept = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        #expect(kept.first?.name != "short")
        _ = try await daemon.services.keys.adopt("short", as: "sender", force: true)
        try await platform.live(daemon, until: aTime + 3 * 3600)
        let forced = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        #expect(forced.map(\.guid) == [guid])
        #expect(try await platform.bookedKey(guid)?.exists == true)
      }
    }
  }
}
