// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Planning

/// What a rotation waits for, what it never does, and a whole life of one.
struct KeyRotationStandingTests {
  // MARK: Standing

  @Test func `failures wait longer and longer, and are told of at the third and then once a day`() {
    var rotation = KeyRotationTests.rotation(.reserved(name: "n"))
    var waits: [TimeInterval] = []
    var told: [Int] = []
    var now = KeyRotationTests.now
    for attempt in 1...60 {
      rotation = rotation.intending(.create(name: "n"), now: now)
      let after = rotation.applying(.failed(KeyRotationTests.failure), KeyRotationTests.context(), now: now)
      rotation = after.rotation
      if !after.events.isEmpty { told.append(attempt) }
      guard case .wait(let until, let reason) = rotation.next(KeyRotationTests.context(), now: now) else {
        Issue.record("no wait")
        return
      }
      #expect(reason == "no answer")
      waits.append(until.timeIntervalSince(now))
      now = until
    }
    #expect(told.count == 3 && told.first == 3, "in two days and a half: \(told)")
    #expect(
      zip(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600]).allSatisfy { abs($0 - $1) <= $1 * 0.11 }, "\(waits)")
  }

  @Test func `without a valid key the first failure is told at once, and once`() {
    var cleared = KeyRotationTests.rotation(.clearing(guid: "old", job: nil))
    let context = KeyRotationTests.context(deletesFirst: true)
    var now = KeyRotationTests.now
    var told: [Bool] = []
    func apply(_ outcome: KeyOutcome, to rotation: inout KeyRotation) {
      let after = rotation.applying(outcome, context, now: now)
      rotation = after.rotation
      told.append(after.events.contains { if case .failing = $0 { true } else { false } })
      now += 60
    }
    apply(.failed(KeyRotationTests.failure), to: &cleared)
    apply(.deleted, to: &cleared)
    apply(.listed([]), to: &cleared)
    #expect(told == [false, false, false], "as long as the key is there, and nothing fails")
    apply(.failed(KeyRotationTests.failure), to: &cleared)
    apply(.failed(KeyRotationTests.failure), to: &cleared)
    apply(.failed(KeyRotationTests.failure), to: &cleared)
    #expect(told.dropFirst(3) == [true, false, true], "and the third, as ever")

    var lapsed = KeyRotationTests.old
    lapsed.notAfter = now
    var late = KeyRotationTests.rotation(.reserved(name: "n"), lapsed)
    told = []
    apply(.failed(KeyRotationTests.failure), to: &late)
    #expect(told == [true])
  }

  @Test func `a changed credential ends the wait for another attempt, but not the pause after useless keys`() {
    var useless = KeyRotationTests.rotation(.due)
    useless.attempts = 6
    let failure = KeyRotation.Standing.Failure(
      reason: "w", culprit: "platform", attempts: 6, since: KeyRotationTests.now,
      next: KeyRotationTests.now + 6 * 3600)
    useless.standing = .failed(failure)
    #expect(useless.hastened(now: KeyRotationTests.now + 3600) == useless)
    #expect(useless.hastened(now: KeyRotationTests.now + 6 * 3600).standing == .ready)
    useless.attempts = 2
    #expect(useless.hastened(now: KeyRotationTests.now + 3600).standing == .ready)
    useless.standing = .waiting(until: KeyRotationTests.now + 60, reason: "w")
    #expect(useless.hastened(now: KeyRotationTests.now) == useless)
  }

  @Test func `an operator's wish is tried at once, and nobody forgets how often it failed`() {
    var rotation = KeyRotationTests.rotation(.reserved(name: "n"))
    var now = KeyRotationTests.now
    var told: [KeyRotation.Standing.Failure] = []
    for _ in 1...4 {
      rotation = rotation.urged(now: now)
      #expect(rotation.next(KeyRotationTests.context(), now: now) == .act(.create(name: "n")))
      rotation = rotation.intending(.create(name: "n"), now: now)
      let after = rotation.applying(.failed(KeyRotationTests.failure), KeyRotationTests.context(), now: now)
      rotation = after.rotation
      for case .failing(let failure) in after.events { told.append(failure) }
      now += 5
    }
    #expect(told.map(\.attempts) == [3] && told.first?.since == KeyRotationTests.now)
    guard case .failed(let failure) = rotation.standing else {
      Issue.record("not failed")
      return
    }
    #expect(failure.attempts == 4 && failure.next > now + 300, "and the pause grows as ever")
    rotation.standing = .waiting(until: now + 3600, reason: "w")
    #expect(rotation.urged(now: now).standing == .ready)
  }

  @Test func `an operator's wish forgets that a refused login rests`() {
    let refused = KeyFailure("no", culprit: "configuration", restsFor: .seconds(43_200))
    let rotation = KeyRotationTests.rotation().applying(
      .failed(refused), KeyRotationTests.context(), now: KeyRotationTests.now
    ).rotation
    #expect(rotation.nextAttempt == KeyRotationTests.now + 43_200)
    #expect(rotation.urged(now: KeyRotationTests.now + 9).nextAttempt == KeyRotationTests.now + 9)
  }

  @Test func `a broken answer with credentials is read once more, and no third time`() {
    var rotation = KeyRotationTests.rotation(.created(KeyRotationTests.key))
    let context = KeyRotationTests.context()
    var now = KeyRotationTests.now
    // What never arrived does not count.
    for outcome in [KeyOutcome.failed(KeyRotationTests.failure), .unreadable(words: "it breaks off")] {
      rotation = rotation.intending(.read(guid: "new"), now: now).applying(outcome, context, now: now).rotation
      #expect(rotation.phase == "reading")
      now += 600
      #expect(rotation.next(context, now: now) == .act(.read(guid: "new")))
    }
    let after = rotation.intending(.read(guid: "new"), now: now).applying(
      .unreadable(words: "it breaks off"), context, now: now)
    #expect(after.rotation.state == .due && after.rotation.discarded == ["new"])
    #expect(after.events.contains(.orphaned(guid: "new", reason: "its credentials cannot be read: it breaks off")))
  }

  @Test func `a service that takes no second key is told what to configure`() {
    let context = KeyRotationTests.context()
    func reason(_ words: String, _ predecessor: KnownKey? = KeyRotationTests.old, deletesFirst: Bool = false) -> String
    {
      let rotation = KeyRotationTests.rotation(.following(name: "n", job: "j", guid: nil), predecessor)
      let context = KeyRotationTests.context(deletesFirst: deletesFirst)
      return rotation.applying(.jobFailed(guid: nil, words: words), context, now: KeyRotationTests.now).rotation
        .obstacle
        ?? ""
    }
    let words = "At most 1 credentials with a certificate are allowed at a time."
    #expect(reason(words).contains("'replace: delete-first' is needed"))
    #expect(!reason(words, nil).contains("delete-first") && !reason(words, deletesFirst: true).contains("delete-first"))
    #expect(!reason("The service is temporarily unable to serve the request.").contains("delete-first"))
    #expect(KeyRotationTests.rotation().next(context, now: KeyRotationTests.now) == .act(.look))
  }

  @Test func `in the last tenth the shortest interval holds, but the platform's own wish comes first`() {
    let lapsing = KnownKey(
      guid: "old", name: nil, owner: .ours, notBefore: KeyRotationTests.now - 29 * KeyRotationTests.day,
      notAfter: KeyRotationTests.now + KeyRotationTests.day)
    var rotation = KeyRotationTests.rotation(.reserved(name: "n"), lapsing)
    for _ in 0..<8 {
      rotation =
        rotation.applying(.failed(KeyRotationTests.failure), KeyRotationTests.context(), now: KeyRotationTests.now)
        .rotation
    }
    guard case .failed(let failure) = rotation.standing else {
      Issue.record("not failed")
      return
    }
    #expect(failure.attempts == 8 && failure.next.timeIntervalSince(KeyRotationTests.now) < 67)
    let polite = KeyFailure("429", culprit: "platform", retryAfter: .seconds(1800))
    rotation = rotation.applying(.failed(polite), KeyRotationTests.context(), now: KeyRotationTests.now).rotation
    #expect(
      rotation.next(KeyRotationTests.context(), now: KeyRotationTests.now)
        == .wait(until: KeyRotationTests.now + 1800, reason: "429"))
    #expect(rotation.released().next(KeyRotationTests.context(), now: KeyRotationTests.now) == .act(.create(name: "n")))
  }

  @Test func `a clock that was set back makes nobody wait for years`() {
    let rotation = KeyRotationTests.rotation(.reserved(name: "n")).applying(
      .failed(KeyRotationTests.failure), KeyRotationTests.context(), now: KeyRotationTests.now)
    #expect(
      rotation.rotation.next(KeyRotationTests.context(), now: KeyRotationTests.now - 400 * KeyRotationTests.day)
        == .act(.create(name: "n")))
  }

  @Test func `a second key has another name`() {
    var rotation = KeyRotationTests.rotation(.due)
    rotation = rotation.applying(.listed([]), KeyRotationTests.context(), now: KeyRotationTests.now).rotation
    rotation = rotation.intending(.create(name: "n"), now: KeyRotationTests.now)
    rotation = rotation.applying(.underWay(job: "j"), KeyRotationTests.context(), now: KeyRotationTests.now).rotation
    rotation =
      rotation.applying(.jobFailed(guid: "g", words: "w"), KeyRotationTests.context(), now: KeyRotationTests.now)
      .rotation
    #expect(rotation.discarded == ["g"])
    let later = rotation.applying(
      .listed([KeyRotationTests.listed("g", by: "here")]), KeyRotationTests.context(), now: KeyRotationTests.now + 61
    ).rotation
    #expect(later.state == .reserved(name: "cpi-20270115080101"))
  }

  @Test func `a deletion that always fails ends the rotation and leaves an orphan`() {
    var rotation = KeyRotationTests.rotation(.deleting(KeyRotationTests.key, KeyRotationTests.certificate, job: nil))
    var events: [KeyRotationEvent] = []
    for _ in 0..<36 {
      let after = rotation.applying(
        .failed(KeyRotationTests.failure), KeyRotationTests.context(), now: KeyRotationTests.now)
      rotation = after.rotation
      events += after.events
    }
    #expect(rotation.state == .done(KeyRotationTests.key, leftBehind: "old"))
    #expect(events.contains(.orphaned(guid: "old", reason: "no answer")))
  }

  // MARK: Never

  @Test func `the old key rests until the overlap is over`() {
    let rotation = KeyRotationTests.rotation(
      .delivered(KeyRotationTests.key, KeyRotationTests.certificate, overlapEnds: KeyRotationTests.now + 1))
    guard case .wait(let until, _) = rotation.next(KeyRotationTests.context(), now: KeyRotationTests.now) else {
      Issue.record("not waiting")
      return
    }
    #expect(until == KeyRotationTests.now + 1)
    #expect(rotation.next(KeyRotationTests.context(), now: KeyRotationTests.now + 1) == .act(.delete(guid: "old")))
  }

  @Test(arguments: [
    KeyRotation.State.delivered(KeyRotationTests.key, KeyRotationTests.certificate, overlapEnds: KeyRotationTests.now),
    .deleting(KeyRotationTests.key, KeyRotationTests.certificate, job: nil),
  ])
  func `the old key is not deleted while a keystore holds it`(state: KeyRotation.State) {
    guard
      case .wait(_, let reason) = KeyRotationTests.rotation(state).next(
        KeyRotationTests.context(keystores: ["cpi"]), now: KeyRotationTests.now)
    else {
      Issue.record("not waiting")
      return
    }
    #expect(reason == "the keystores cpi still hold it")
  }

  @Test(arguments: [
    KeyRotation.State.delivered(KeyRotationTests.key, KeyRotationTests.certificate, overlapEnds: KeyRotationTests.now),
    .deleting(KeyRotationTests.key, KeyRotationTests.certificate, job: nil),
  ])
  func `the old key is not deleted while the new files are not proven`(state: KeyRotation.State) {
    let next = KeyRotationTests.rotation(state).next(
      KeyRotationTests.context(unproven: ["cpi"]), now: KeyRotationTests.now)
    guard case .wait(_, let reason) = next else {
      Issue.record("not waiting: \(next)")
      return
    }
    #expect(reason.hasPrefix("the new files of the keystores cpi are not proven yet"))
  }

  @Test func `a key that somebody else deleted within the overlap is not deleted again`() {
    let rotation = KeyRotationTests.rotation(
      .delivered(
        KeyRotationTests.key, KeyRotationTests.certificate, overlapEnds: KeyRotationTests.now + KeyRotationTests.day))
    var context = KeyRotationTests.context()
    context.isPredecessorDeleted = true
    #expect(rotation.next(context, now: KeyRotationTests.now) == .finished)
  }

  @Test func `the next renewal does not wait for a long overlap`() {
    let rotation = KeyRotationTests.rotation(
      .delivered(
        KeyRotationTests.key, KeyRotationTests.certificate, overlapEnds: KeyRotationTests.now + KeyRotationTests.day))
    #expect(
      rotation.next(KeyRotationTests.context(successorDue: KeyRotationTests.now), now: KeyRotationTests.now)
        == .finished)
  }

  @Test func `a whole life ends with one new key and without the old one`() {
    var rotation = KeyRotationTests.rotation()
    var now = KeyRotationTests.now
    var acts: [KeyAction] = []
    let outcomes: [KeyOutcome] = [
      .listed([KeyRotationTests.listed("old", by: "here")]), .underWay(job: "j"), .working(guid: "new"),
      .jobDone(guid: "new"),
      .credentialsHeld, .examined(KeyRotationTests.certificate), .verified, .delivered, .underWay(job: "d"),
      .jobDone(guid: nil),
    ]
    for outcome in outcomes {
      if case .wait(let until, _) = rotation.next(KeyRotationTests.context(), now: now) { now = until }
      guard case .act(let action) = rotation.next(KeyRotationTests.context(), now: now) else {
        Issue.record("nothing to do in \(rotation.phase)")
        return
      }
      acts.append(action)
      rotation = rotation.intending(action, now: now).applying(outcome, KeyRotationTests.context(), now: now).rotation
    }
    #expect(rotation.isFinished && rotation.next(KeyRotationTests.context(), now: now) == .finished)
    #expect(acts.count { if case .create = $0 { true } else { false } } == 1)
    #expect(acts.count { if case .read = $0 { true } else { false } } == 1)
    #expect(acts.last == .follow(job: "d"))
    #expect(now >= KeyRotationTests.now + 2 * KeyRotationTests.day)
  }
}
