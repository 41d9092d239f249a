// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Planning

/// What several outcomes in a row make of a rotation: nothing turns for ever, and nothing waits beyond a lapse.
struct KeyRotationPersistenceTests {
  typealias Base = KeyRotationTests

  /// Lives on: does what is next, whatever time passes, and lets `answer` say what came of it.
  private struct Life {
    var rotation: KeyRotation
    var context = Base.context()
    var now = Base.now
    var events: [KeyRotationEvent] = []
    var actions: [KeyAction] = []

    init(_ state: KeyRotation.State = .due, _ predecessor: KnownKey? = Base.old) {
      rotation = Base.rotation(state, predecessor)
    }

    var isOver: Bool { rotation.next(context, now: now) == .finished }

    mutating func step(_ answer: (KeyAction) -> KeyOutcome) {
      switch rotation.next(context, now: now) {
      case .wait(let until, _): now = until
      case .finished: break
      case .act(let action):
        actions.append(action)
        let after = rotation.intending(action, now: now).applying(answer(action), context, now: now)
        rotation = after.rotation
        events += after.events
      }
    }

    mutating func live(_ seconds: TimeInterval, most: Int = 5000, _ answer: (KeyAction) -> KeyOutcome) {
      let end = now + seconds
      for _ in 0..<most where now < end && !isOver { step(answer) }
    }
  }

  @Test func `a deletion whose jobs fail is given up and told, and does not keep the next renewal`() {
    let failing: (KeyAction) -> KeyOutcome = { action in
      if case .delete = action { return .underWay(job: "j") }
      return .jobFailed(guid: nil, words: "the broker fails")
    }
    var life = Life(.deleting(Base.key, Base.certificate, job: nil))
    life.live(5 * Base.day, failing)
    #expect(life.rotation.state == .done(Base.key, leftBehind: "old"))
    #expect(life.events.contains { if case .orphaned("old", _) = $0 { true } else { false } })
    #expect(life.events.contains { if case .failing = $0 { true } else { false } }, "it is told before it is given up")

    var impatient = Life(.deleting(Base.key, Base.certificate, job: nil))
    impatient.context.successorDue = Base.now + 3600
    impatient.live(5 * Base.day, failing)
    #expect(impatient.isOver && impatient.now < Base.now + 2 * 3600)

    var rolledBack = Life(.deleting(Base.key, Base.certificate, job: nil))
    rolledBack.context.holders.holding = ["web"]
    rolledBack.context.successorDue = Base.now + 3600
    rolledBack.live(5 * Base.day) { _ in .deleted }
    #expect(rolledBack.isOver && rolledBack.actions.isEmpty, "what is used is not deleted")
  }

  @Test func `a name that is taken and not listed costs no storm, and another is used in the end`() {
    var life = Life(.reserved(name: "n"))
    life.live(3600) { action in
      if case .create = action { return .nameTaken }
      return .listed([])
    }
    let names = life.actions.compactMap { if case .create(let name) = $0 { name } else { nil } }
    #expect(names.count < 20 && Set(names).count > 1, "\(names)")
    #expect(life.events.contains { if case .failing = $0 { true } else { false } })
  }

  @Test func `credentials that are withheld are asked for less and less, and it is told`() {
    var life = Life(.created(Base.key))
    life.live(Base.day) { action in
      if case .read = action { return .notReady }
      return .listed([Base.listed("new", Base.key.name, by: "here")])
    }
    let reads = life.actions.count { if case .read = $0 { true } else { false } }
    #expect(reads < 60, "\(reads) reads in a day")
    let told = life.events.compactMap { if case .failing(let failure) = $0 { failure.culprit } else { nil } }
    #expect(!told.isEmpty && told.allSatisfy { $0 == "configuration" })
  }

  @Test func `however long the platform wishes to rest, the key in force does not lapse over it`() throws {
    let failure = KeyFailure("too many calls", culprit: "platform", retryAfter: .seconds(86_400))
    for left in [8 * 3600.0, 3600, 600] {
      let old = KnownKey(
        guid: "old", name: nil, owner: .ours, notBefore: Base.now - Base.day + left, notAfter: Base.now + left)
      let after = Base.rotation(.reserved(name: "n"), old).applying(.failed(failure), Base.context(), now: Base.now)
      guard case .failed(let failed) = after.rotation.standing else {
        Issue.record("it did not fail")
        continue
      }
      #expect(failed.next <= Base.now + left / 4)
      #expect(failed.next >= Base.now + 60)
    }
  }

  @Test func `since when it fails is not forgotten by what works in between`() throws {
    var life = Life()
    var number = 0
    life.live(2 * Base.day) { action in
      switch action {
      case .look, .find: return .listed([])
      case .create:
        number += 1
        return .made(guid: "g\(number)")
      case .read: return .credentialsHeld
      default: return .defective(words: "its key does not fit")
      }
    }
    let told = life.events.compactMap { if case .failing(let failure) = $0 { failure } else { nil } }
    let last = try #require(told.last)
    #expect(last.attempts > 3 && last.since < Base.now + 60)
    let made = life.actions.count { if case .create = $0 { true } else { false } }
    #expect(made <= 5 + 2 * 4 + 1, "what is wrong with every key is no reason to make many: \(made)")
  }

  @Test func `a key in force that the platform has no longer need not be outlived`() {
    var life = Life()
    life.context.validity = .seconds(86_400)
    life.step { _ in .listed([]) }
    #expect(life.rotation.isPredecessorGone && life.rotation.predecessor?.guid == nil)
    #expect(life.rotation.state == Base.reserved, "although a key of one day ends earlier")
  }

  @Test func `a key that would end before the one in force is not made yet`() {
    var life = Life()
    life.context.validity = .seconds(5 * 86_400)
    life.live(20 * Base.day) { action in
      if case .look = action { return .listed([Base.listed("old", by: "here")]) }
      return .underWay(job: "j")
    }
    let made = life.actions.firstIndex { if case .create = $0 { true } else { false } }
    #expect(made != nil && life.actions.prefix(made ?? 0).allSatisfy { $0 == .look })
    #expect(life.rotation.begunAt == Base.now && life.rotation.since >= Base.now + 5 * Base.day)
  }

  @Test func `where only one key may be, a useless one goes before the next`() {
    var life = Life()
    life.context.deletesFirst = true
    life.rotation.discarded = ["useless"]
    life.rotation.predecessor?.guid = nil
    life.step { _ in .listed([Base.listed("useless", by: "here")]) }
    #expect(life.rotation.state == .clearing(guid: "useless", job: nil))
    life.step { action in action == .delete(guid: "useless") ? .deleted : .jobLost }
    #expect(life.rotation.state == .due && life.events == [.deleted(guid: "useless", stoppedWorking: false)])
  }

  @Test func `the key of the configuration is the one in force that came as a file`() {
    var life = Life()
    life.rotation.predecessor?.guid = nil
    life.rotation.predecessor?.owner = .foreign
    life.step { _ in .listed([Base.listed("x", "by-hand", by: nil)]) }
    #expect(life.rotation.predecessor?.guid == "x" && life.rotation.predecessor?.owner == .named)
    #expect(life.rotation.state == Base.reserved)
  }

  @Test func `a key that an operator adopts and that is of no use leaves the one in force alone`() {
    var life = Life()
    life.rotation = .adopting(Base.named, predecessor: Base.old, now: Base.now)
    life.live(Base.day) { action in
      switch action {
      case .read: .credentialsHeld
      case .examine: .defective(words: "it has no certificate")
      default: .listed([])
      }
    }
    #expect(life.rotation.state == .abandoned && life.isOver)
    #expect(life.actions == [.read(guid: "x"), .examine(guid: "x")], "no other key is made")
  }

  @Test func `a clock that was set back keeps nobody waiting`() {
    var rotation = Base.rotation(.following(name: "n", job: "j", guid: nil))
    rotation.standing = .waiting(until: Base.now + 3, reason: "the platform makes it")
    #expect(rotation.next(Base.context(), now: Base.now - 3600) == .act(.follow(job: "j")))
  }
}
