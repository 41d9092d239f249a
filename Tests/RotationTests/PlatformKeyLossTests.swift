// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Journal
import Ledger
import Planning
import TestSupport
import Testing

@testable import Rotation

/// Whoever else works on the platform, and whatever it refuses: a service key that works is never lost.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct PlatformKeyLossTests {
  @Test func `the old key stays when somebody deletes the new one within the overlap`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(more: "overlap: 4d")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let first = try #require(try await platform.ours().first)
        try await platform.live(daemon, until: aTime + 21 * day) { try await platform.ours().count == 2 }
        try await platform.live(daemon, until: platform.site.clock.now() + 600)
        let second = try #require(try await platform.ours().last)
        #expect(second.guid != first.guid)
        try await platform.control(.delete, "/keys/\(second.guid)")
        for _ in 0..<40 {
          try await platform.live(daemon, until: platform.site.clock.now() + day / 4)
          let existing = try await platform.ours().filter(\.exists)
          #expect(!existing.isEmpty, "one of them always works")
        }
        let keys = try await platform.ours()
        #expect(keys.count >= 3, "a new one was made in its place")
        #expect(keys.last?.exists == true)
      }
    }
  }

  @Test func `a key in force that somebody deleted is told as lost, and its end as nobody's doing here`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let first = try #require(try await platform.ours().first)
        try await platform.control(.delete, "/keys/\(first.guid)")
        _ = platform.site.recorder.take()
        try await platform.live(daemon, until: aTime + 6 * day)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.keyLost) && told.contains(.keyRenewed))
        #expect(!told.contains(.keyOverlapEnded) && !told.contains(.keyDeleted))
        let record = try await daemon.context.ledger.platformKeys(of: "sender").first { $0.guid == first.guid }
        #expect(record?.state == .deleted)
      }
    }
  }

  /// Found by a look within the overlap, or only when it would be deleted.
  @Test(arguments: [12.0, 0.25])
  func `an old key that somebody else deletes within its overlap is told as that`(days: Double) async throws {
    try await PlatformSite.run { platform in
      try platform.configure(more: "overlap: \(Int(days * 24))h")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let first = try #require(try await platform.ours().first)
        try await platform.live(daemon, until: aTime + 21 * day) {
          await daemon.context.landscape.inventory.serviceKeys["sender"]?.rotation?.phase == "delivered"
        }
        _ = platform.site.recorder.take()
        if days < 1 {
          // Nobody looks before the overlap is over.
          let now = platform.site.clock.now()
          await daemon.context.landscape.update {
            $0.serviceKeys["sender"]?.schedule = Schedule(lastAttempt: now + 5 * 3600, lastSuccess: now + 5 * 3600)
          }
        }
        try await platform.control(.delete, "/keys/\(first.guid)")
        try await platform.live(daemon, until: platform.site.clock.now() + days * day + 3600) {
          await daemon.context.landscape.inventory.serviceKeys["sender"]?.rotation == nil
        }
        let told = platform.site.recorder.take()
        #expect(told.map(\.event) == [.keyDeleted])
        #expect(told.first?.message.contains("is no longer on the platform: somebody else deleted it") == true)
        #expect(platform.site.clock.now() < aTime + 25 * day)
        let records = try await daemon.context.ledger.platformKeys(of: "sender")
        #expect(records.first { $0.guid == first.guid }?.state == .deleted)
      }
    }
  }

  @Test func `a deletion whose answer comes later is certrotd's own`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.fault("job-failed", "cf.keys.create")
        try await platform.live(daemon, until: aTime + 3 * day)
        let deleted = platform.site.recorder.take(.keyDeleted)
        #expect(deleted.count == 1 && deleted.first?.message.contains("nothing uses it any more") == true)
      }
    }
  }

  @Test func `keys that cannot be deleted do not keep the next renewal, and are told of`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(validity: 3, more: "overlap: 6h")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        try await platform.fault("job-failed", "cf.keys.delete", times: -1)
        try await platform.live(daemon, until: aTime + 12 * day)
        let identity = await daemon.context.landscape.inventory.keystores["sender"]?.current?.identity
        #expect((identity?.notAfter ?? .distantPast) > aTime + 12 * day)
        #expect(try await platform.ours().count >= 5)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.keyRenewalFailing))
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 20 * day)
        #expect(try await platform.ours().count(where: \.exists) <= 2, "they go once they can")
      }
    }
  }

  @Test func `another service instance gets a key of its own, and the old one is left alone`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { try await platform.live($0, until: aTime + 3600) }
      let first = try #require(try await platform.ours().first)
      try platform.configure(instance: "it-rt-sm")
      _ = platform.site.recorder.take()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 8 * day)
        let orphaned = platform.site.recorder.take(.keyOrphaned)
        #expect(
          orphaned.map { $0.fields[.keyGUID] } == [first.guid], "somebody has to delete it there, and is told once")
        let inForce = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        #expect(inForce.count == 1 && inForce.first?.guid != first.guid)
        #expect(try await platform.bookedKey(first.guid)?.exists == true)
        let record = try await daemon.context.ledger.platformKeys(of: "sender").first { $0.guid == first.guid }
        #expect(record?.state != .deleted, "it exists, and the ledger does not say otherwise")
      }
    }
  }

  @Test func `a platform that deletes the only key and makes no other is told of at the first failure`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(instance: "theming-cf", preset: "xsuaa-reuse", more: "replace: delete-first")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        _ = platform.site.recorder.take()
        try await platform.fault("unavailable", "cf.keys.create", times: -1)
        var told: [Event] = []
        try await platform.live(daemon, until: aTime + 21 * day) {
          told += platform.site.recorder.takeNames()
          return told.contains(.keyRenewalFailing)
        }
        #expect(told.filter { $0 == .keyDeleted || $0 == .keyRenewalFailing } == [.keyDeleted, .keyRenewalFailing])
        #expect(!told.contains(.platformUnavailable), "what may pass with the next attempt is no outage yet")
        let status = StatusReader.read(
          await daemon.context.landscape.configuration, await daemon.context.landscape.inventory,
          now: platform.site.clock.now())
        for subject in status.subjects {
          #expect(subject.state == .expired && subject.reason.contains("certrotd deleted the key"))
          #expect(
            (subject.breakage?.at ?? .distantFuture) <= platform.site.clock.now(), "\(subject.subject) is broken now")
        }
        let rotation = await daemon.context.landscape.inventory.serviceKeys["sender"]?.rotation
        guard case .failed(let failure)? = rotation?.standing else {
          Issue.record("not failed")
          return
        }
        #expect(failure.attempts == 1)
        try await platform.live(daemon, until: platform.site.clock.now() + 90)
        #expect(platform.site.recorder.takeNames().contains(.platformUnavailable))
      }
    }
  }

  @Test func `a login that lacks the role to create is told of once, and not as an outage`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      let user = platform.simulator.facts.user
      // It replaces the user, who may look but not act any more.
      try await platform.control(
        .post, "/users",
        """
        {"name": "\(user.name)", "password": "\(user.password)", "origin": "\(user.origin)", "role": "space_auditor"}
        """)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 2 * 3600)
        let told = platform.site.recorder.takeNames()
        #expect(told.count { $0 == .loginFailing } == 1)
        #expect(!told.contains(.platformUnavailable) && !told.contains(.platformRecovered))
        #expect(!told.contains(.loginRecovered), "it may look, which is not what it is asked to do")
        try await platform.control(
          .post, "/users",
          "{\"name\": \"\(user.name)\", \"password\": \"\(user.password)\", \"origin\": \"\(user.origin)\"}")
        try await platform.live(daemon, until: platform.site.clock.now() + 3 * 3600)
        let recovered = platform.site.recorder.take().filter { $0.event == .loginRecovered }
        #expect(recovered.count == 1 && recovered.first?.message.contains("it lacked a role for") == true)
      }
    }
  }

  @Test func `a platform that only reads is one outage, until it writes again`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("unavailable", "cf.keys.create", times: -1)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 2 * 3600)
        #expect(
          platform.site.recorder.takeNames().filter { $0 == .platformUnavailable || $0 == .platformRecovered }
            == [.platformUnavailable])
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 3 * 3600)
        #expect(platform.site.recorder.takeNames().contains(.platformRecovered))
      }
    }
  }
}
