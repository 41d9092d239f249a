// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Ledger
import Planning
import Testing

@testable import Rotation

/// What the ledger is to know after a step; it takes one key in flight and one in force at most.
struct KeyRecordsTests {
  private static func record(
    _ guid: String, _ state: PlatformKeyRecord.State, instance: String = "here"
  ) -> PlatformKeyRecord {
    PlatformKeyRecord(guid: guid, name: guid, instance: instance, owner: .ours, state: state)
  }

  /// What becomes of `known` when the platform answers a look for keys with `listed`.
  private static func states(
    _ rotation: KeyRotation, _ known: [PlatformKeyRecord], _ outcome: KeyOutcome
  ) -> [String: PlatformKeyRecord.State] {
    let context = KeyRotationContext(
      installation: "one", base: "sender", adopted: "by-hand", overlap: .seconds(3600), verifyPatience: .seconds(60),
      jitter: Jitter(installation: 1, name: "key"))
    let after = rotation.applying(outcome, context, now: aTime).rotation
    var states = Dictionary(known.map { ($0.guid, $0.state) }, uniquingKeysWith: { first, _ in first })
    for changed in KeyRecords.changed(from: rotation, to: after, known: known, instance: "here") {
      states[changed.guid] = changed.state
    }
    return states
  }

  private static func ready(_ guid: String, _ name: String, by installation: String? = "one") -> ListedKey {
    ListedKey(
      guid: guid, name: name, state: .ready, createdAt: guid == "old" ? old.notBefore : aTime,
      installation: installation,
      base: installation.map { _ in "sender" })
  }

  private static let old = KnownKey(
    guid: "old", name: "old", owner: .ours, notBefore: aTime - 20 * day, notAfter: aTime + 10 * day)

  @Test func `a key that is in flight no longer makes room for the next`() {
    let rotation = KeyRotation(predecessor: Self.old, dueAt: aTime, now: aTime)
    let states = Self.states(
      rotation, [Self.record("old", .inForce), Self.record("stale", .inFlight)],
      .listed([Self.ready("old", "old"), Self.ready("new", "sender-1")]))
    #expect(states == ["old": .inForce, "stale": .givenUp, "new": .inFlight])
  }

  @Test func `a key in force that is not listed is recorded until its end is certain`() {
    let rotation = KeyRotation(predecessor: Self.old, dueAt: aTime, now: aTime)
    let states = Self.states(rotation, [Self.record("old", .inForce)], .listed([]))
    #expect(states == ["old": .inForce])
  }

  @Test func `the key in force that came as a file is known once the configuration's name is found`() {
    var old = Self.old
    (old.guid, old.name, old.owner) = (nil, nil, .foreign)
    let rotation = KeyRotation(predecessor: old, dueAt: aTime, now: aTime)
    let states = Self.states(rotation, [], .listed([Self.ready("x", "by-hand", by: nil)]))
    #expect(states == ["x": .inForce])
  }
}
