// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Planning

/// When a renewal gives way to a key that an operator chose, and what becomes of it then.
struct KeyAdoptionPlanTests {
  typealias Base = KeyRotationTests

  struct Example: Sendable, CustomTestStringConvertible {
    var state: KeyRotation.State
    var since: TimeInterval = 120
    var listed: Set<String> = []
    /// What the reason begins with; nil where it gives way.
    var why: String?
    var testDescription: String { "\(state), \(since) s, \(listed)" }
  }

  static let examples = [
    Example(state: .due), Example(state: .reserved(name: "n")),
    Example(state: .clearing(guid: "old", job: nil), why: "the key old is being deleted"),
    Example(state: .clearing(guid: "old", job: "j"), why: "the key old is being deleted"),
    Example(state: .requesting(name: "n")),
    Example(state: .requesting(name: "n"), since: 30, why: "whether the platform makes the key n is not known yet"),
    Example(state: .requesting(name: "n"), listed: ["n"], why: "the platform has a key n"),
    Example(state: .following(name: "n", job: nil, guid: "g"), why: "the platform makes the key n"),
    Example(state: .created(Base.key), why: "the key \(Base.key.name) is on the platform"),
    Example(state: .reading(Base.key), why: "the key \(Base.key.name) is on the platform"),
    Example(state: .held(Base.key), why: "the key \(Base.key.name) is on the platform"),
    Example(state: .examined(Base.key, Base.certificate), why: "the key \(Base.key.name) is on the platform"),
    Example(state: .verified(Base.key, Base.certificate), why: "the key \(Base.key.name) is on the platform"),
    Example(state: .delivered(Base.key, Base.certificate, overlapEnds: Base.now)),
    Example(state: .deleting(Base.key, Base.certificate, job: nil)),
    Example(state: .done(Base.key, leftBehind: nil)), Example(state: .abandoned),
  ]

  @Test(arguments: examples)
  func `a renewal without a key on the platform gives way, and any other says why not`(example: Example) {
    var rotation = Base.rotation(example.state, since: example.since)
    rotation.standing = .failed(
      .init(reason: "no answer", culprit: "network", attempts: 1, since: Base.now, next: Base.now + 600))
    let reason = rotation.reasonToGoOn(listed: example.listed, now: Base.now)
    #expect((reason == nil) == (example.why == nil), "\(reason ?? "")")
    guard let why = example.why, let reason else { return }
    #expect(reason.hasPrefix(why), "\(reason)")
    #expect(reason.hasSuffix(": no answer; it goes on at \(TimeText.instant(Base.now + 600))"), "\(reason)")
    rotation.standing = .ready
    #expect(rotation.reasonToGoOn(listed: example.listed, now: Base.now)?.hasSuffix("; it goes on now") == true)
  }

  /// Six keys in a row were of no use, and the one in force is gone.
  private static var pausing: KeyRotation {
    var rotation = Base.rotation()
    rotation.attempts = 6
    rotation.discarded = ["bad", "x"]
    rotation.predecessor?.guid = nil
    rotation.isPredecessorGone = true
    rotation.predecessorGoneAt = Base.now - 3600
    rotation.hasDeletedPredecessor = true
    rotation.failingSince = Base.now - 1800
    rotation.standing = .failed(
      .init(reason: "refused", culprit: "platform", attempts: 6, since: Base.now, next: Base.now + 20_000))
    return rotation
  }

  @Test func `what is known of the key before stays known, and the chosen one is read at once`() throws {
    let before = Self.pausing
    let rotation = before.givingWay(to: Base.named, known: nil, mayEndEarlier: true, now: Base.now)
    #expect(rotation.next(Base.context(), now: Base.now) == .act(.read(guid: "x")))
    #expect(rotation.predecessor == before.predecessor && rotation.predecessorGoneAt == before.predecessorGoneAt)
    #expect(rotation.isPredecessorGone && rotation.hasDeletedPredecessor == true && rotation.mayEndEarlier == true)
    #expect(rotation.failingSince == before.failingSince && rotation.discarded == ["bad"])
    #expect(try KeyRotationText.decode(KeyRotationText.encode(rotation)) == rotation)
  }

  @Test func `a chosen key that is refused lets the renewal wait on as before`() {
    let known = PlatformKeyState(guid: "x", name: "by-hand", owner: .ours, role: .retiring)
    var chosen = Base.named
    chosen.owner = .ours
    var rotation = Self.pausing.givingWay(to: chosen, known: known, mayEndEarlier: true, now: Base.now)
    rotation.state = .held(chosen)
    let (after, events) = rotation.applying(.defective(words: "ends no later"), Base.context(), now: Base.now)
    #expect(after.state == .due && after.discarded == ["bad", "x"])
    #expect(!after.isAdoption && after.adoptee == nil && after.mayEndEarlier == nil && after.isInPlaceOfMaking == nil)
    guard case .failed(let failure) = after.standing else {
      Issue.record("\(after.standing)")
      return
    }
    #expect(failure.next >= Base.now + 5 * 3600, "one key after the other is not made for it: \(failure.next)")
    let isOrphaned = events.contains { if case .orphaned = $0 { true } else { false } }
    #expect(!isOrphaned && events.contains(.refused(name: "by-hand", words: "ends no later")), "\(events)")
  }
}
