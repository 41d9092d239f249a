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

  private static let context = KeyRotationContext(
    installation: "one", base: "sender", overlap: .seconds(3600), verifyPatience: .seconds(60),
    jitter: Jitter(installation: 1, name: "key"))

  /// Lives a rotation through, `known` by `known`, until nothing is left to do.
  private static func end(
    _ rotation: KeyRotation, _ known: [PlatformKeyRecord], _ answer: (KeyAction) -> KeyOutcome
  ) -> (records: [String: PlatformKeyRecord], events: [KeyRotationEvent]) {
    var records = Dictionary(known.map { ($0.guid, $0) }, uniquingKeysWith: { first, _ in first })
    var (rotation, events, now) = (rotation, [KeyRotationEvent](), aTime)
    func record(_ after: KeyRotation) {
      for key in KeyRecords.changed(from: rotation, to: after, known: Array(records.values), instance: "here") {
        records[key.guid] = key
      }
      rotation = after
    }
    for _ in 0..<50 {
      switch rotation.next(context, now: now) {
      case .finished: return (records, events)
      case .wait(let until, _): now = until
      case .act(let action):
        record(rotation.intending(action, now: now))
        let (after, told) = rotation.applying(answer(action), context, now: now)
        record(after)
        events += told
      }
    }
    Issue.record("it does not come to an end: \(rotation.phase)")
    return (records, events)
  }

  @Test(arguments: [PlatformKeyRecord.Owner.ours, .named], [true, false])
  func `a key that is adopted and refused is again what it was`(
    owner: PlatformKeyRecord.Owner, isRead: Bool
  ) throws {
    var retiring = Self.record("old", .retiring)
    (retiring.owner, retiring.overlapEnds, retiring.departure) = (owner, aTime + day, .asked)
    (retiring.serial, retiring.notBefore, retiring.notAfter) = ("01", aTime - 20 * day, aTime + 10 * day)
    retiring.reason = "why"
    let inForce = Self.record("force", .inForce)
    let predecessor = KnownKey(
      guid: "force", name: "force", owner: .ours, notBefore: aTime - day, notAfter: aTime + 20 * day)
    let rotation = KeyRotation.adopting(
      NewKey(guid: "old", name: "old", owner: owner == .ours ? .ours : .named), known: PlatformKeyState(retiring),
      predecessor: predecessor, now: aTime)
    let restored = try KeyRotationText.decode(KeyRotationText.encode(rotation))
    let (records, events) = Self.end(restored, [retiring, inForce]) { action in
      switch action {
      case .read: isRead ? .credentialsHeld : .unreadable(words: "it breaks off")
      default: .defective(words: "it ends earlier")
      }
    }
    #expect(records == ["old": retiring, "force": inForce])
    let refused = KeyRotationEvent.refused(name: "old", words: "it ends earlier")
    #expect(events == (isRead ? [refused] : []))
  }

  @Test func `an old key that is adopted is in force, and nothing of its retirement is left`() {
    var retiring = Self.record("old", .retiring)
    (retiring.overlapEnds, retiring.departure, retiring.reason) = (aTime + day, .asked, "why")
    let predecessor = KnownKey(
      guid: "force", name: "force", owner: .ours, notBefore: aTime - day, notAfter: aTime + 20 * day)
    let rotation = KeyRotation.adopting(
      NewKey(guid: "old", name: "old", owner: .ours), known: PlatformKeyState(retiring), predecessor: predecessor,
      mayEndEarlier: true, now: aTime)
    let certificate = NewCertificate(serial: "01", notBefore: aTime - day, notAfter: aTime + day)
    let (records, events) = Self.end(rotation, [retiring, Self.record("force", .inForce)]) { action in
      switch action {
      case .read: .credentialsHeld
      case .examine: .examined(certificate)
      case .verify: .verified
      case .deliver: .delivered
      default: .deleted
      }
    }
    var expected = Self.record("old", .inForce)
    (expected.serial, expected.notBefore, expected.notAfter) = ("01", certificate.notBefore, certificate.notAfter)
    #expect(records["old"] == expected && records["force"]?.state == .deleted)
    #expect(events.first == .adopted(name: "old", guid: "old", isShared: false), "nothing was created: \(events)")
  }

  @Test func `the key in force that came as a file is known once the configuration's name is found`() {
    var old = Self.old
    (old.guid, old.name, old.owner) = (nil, nil, .foreign)
    let rotation = KeyRotation(predecessor: old, dueAt: aTime, now: aTime)
    let states = Self.states(rotation, [], .listed([Self.ready("x", "by-hand", by: nil)]))
    #expect(states == ["x": .inForce])
  }
}
