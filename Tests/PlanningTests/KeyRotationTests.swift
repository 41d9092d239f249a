// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Planning

/// Every state, and what each outcome makes of it.
struct KeyRotationTests {
  static let now = Date(timeIntervalSince1970: 1_800_000_000)
  static let day: TimeInterval = 86_400
  static let old = KnownKey(
    guid: "old", name: "cpi-1", owner: .ours, notBefore: now - 20 * day, notAfter: now + 10 * day)
  static let key = NewKey(guid: "new", name: "cpi-20270115080000", owner: .ours, reads: 1)
  static let certificate = NewCertificate(serial: "01", notBefore: now, notAfter: now + 30 * day)
  static let ended = NewCertificate(serial: "01", notBefore: now - 30 * day, notAfter: now)

  static func context(
    deletesFirst: Bool = false, keystores: [String] = [], unproven: [String] = [], successorDue: Date? = nil
  ) -> KeyRotationContext {
    KeyRotationContext(
      installation: "here", base: "cpi", adopted: "by-hand", overlap: .seconds(2 * 86_400),
      verifyPatience: .seconds(600),
      deletesFirst: deletesFirst, jitter: Jitter(installation: 1, name: "key"),
      holders: KeyHolders(holding: keystores, unproven: unproven),
      successorDue: successorDue)
  }

  static func rotation(
    _ state: KeyRotation.State = .due, _ predecessor: KnownKey? = old, since: TimeInterval = 0
  ) -> KeyRotation {
    var rotation = KeyRotation(predecessor: predecessor, dueAt: now, now: now)
    rotation.state = state
    rotation.since = now - since
    return rotation
  }

  static func listed(
    _ guid: String, _ name: String = "cpi-x", _ state: ListedKey.State = .ready, age: TimeInterval = 60,
    by installation: String? = "there", base: String? = "cpi"
  ) -> ListedKey {
    ListedKey(
      guid: guid, name: name, state: state, createdAt: now - age, installation: installation, base: base)
  }

  static let failure = KeyFailure("no answer", culprit: "network")
  static let lost = KeyFailure("no answer", culprit: "network", mayHaveHappened: true)

  // MARK: What is to be done

  static let actions: [(KeyRotation.State, KeyAction)] = [
    (.due, .look), (.clearing(guid: "old", job: nil), .delete(guid: "old")),
    (.clearing(guid: "old", job: "j"), .follow(job: "j")),
    (.reserved(name: "n"), .create(name: "n")), (.requesting(name: "n"), .find(name: "n")),
    (.following(name: "n", job: "j", guid: nil), .follow(job: "j")),
    (.following(name: "n", job: nil, guid: "g"), .find(name: "n")), (.created(key), .read(guid: "new")),
    (.reading(key), .read(guid: "new")), (.held(key), .examine(guid: "new")),
    (.examined(key, certificate), .verify(guid: "new")), (.verified(key, certificate), .deliver(guid: "new")),
    (.delivered(key, certificate, overlapEnds: now), .delete(guid: "old")),
    (.deleting(key, certificate, job: nil), .delete(guid: "old")),
    (.deleting(key, certificate, job: "j"), .follow(job: "j")),
  ]

  @Test(arguments: actions)
  func `each state has its next action, also after a restart`(state: KeyRotation.State, action: KeyAction) throws {
    let rotation = Self.rotation(state)
    #expect(rotation.next(Self.context(), now: Self.now) == .act(action))
    let restarted = try KeyRotationText.decode(KeyRotationText.encode(rotation))
    #expect(restarted == rotation)
  }

  @Test func `the intent to create, to read and to delete is in the state before the act`() {
    #expect(
      Self.rotation(.reserved(name: "n")).intending(.create(name: "n"), now: Self.now).state == .requesting(name: "n"))
    var unread = Self.key
    unread.reads = 0
    #expect(Self.rotation(.created(unread)).intending(.read(guid: "new"), now: Self.now).state == .reading(Self.key))
    #expect(
      Self.rotation(.delivered(Self.key, Self.certificate, overlapEnds: Self.now))
        .intending(.delete(guid: "old"), now: Self.now).state == .deleting(Self.key, Self.certificate, job: nil))
    #expect(Self.rotation().intending(.look, now: Self.now) == Self.rotation())
  }

  // MARK: What outcomes make of it

  struct Step: Sendable, CustomTestStringConvertible {
    var title: String
    var from: KeyRotation.State
    var outcome: KeyOutcome
    var to: KeyRotation.State
    var events: [KeyRotationEvent] = []
    var since: TimeInterval = 0
    var deletesFirst = false
    var predecessor: KnownKey? = KeyRotationTests.old
    var testDescription: String { title }

    /// Whatever else happens, a key in force that is not listed is told of.
    var told: [KeyRotationEvent] {
      guard case .due = from, case .listed(let keys) = outcome, let predecessor, let guid = predecessor.guid,
        !keys.contains(where: { $0.guid == guid })
      else { return events }
      return [.lost(name: predecessor.name ?? guid, guid: guid)] + events
    }
  }

  static let reserved = KeyRotation.State.reserved(name: "cpi-20270115080000")
  static let foreign = NewKey(guid: "p", name: "cpi-x", owner: .foreign)
  static let named = NewKey(guid: "x", name: "by-hand", owner: .named)
  static var given: ListedKey {
    var key = listed("p")
    key.isGivenUp = true
    return key
  }

  static let steps: [Step] = [
    Step(title: "nobody renews: the name is of the time it became due", from: .due, outcome: .listed([]), to: reserved),
    Step(
      title: "a peer's new key is adopted", from: .due, outcome: .listed([listed("q", age: 90), listed("p")]),
      to: .created(foreign)),
    Step(
      title: "our own key that the ledger lost is used", from: .due, outcome: .listed([listed("p", by: "here")]),
      to: .created(NewKey(guid: "p", name: "cpi-x", owner: .ours))),
    Step(
      title: "a key that was older is no successor", from: .due, outcome: .listed([listed("p", age: 30 * day)]),
      to: reserved),
    Step(
      title: "a key of ours that was made before the one in force is none, whatever its certificate is backdated by",
      from: .due, outcome: .listed([listed("old", age: 600, by: "here"), listed("p", age: 1200, by: "here")]),
      to: reserved),
    Step(
      title: "one that was made after it is one", from: .due,
      outcome: .listed([listed("old", age: 1200, by: "here"), listed("p", age: 600, by: "here")]),
      to: .created(NewKey(guid: "p", name: "cpi-x", owner: .ours))),
    Step(
      title: "a key of another service key is none", from: .due, outcome: .listed([listed("p", base: "b")]),
      to: reserved),
    Step(title: "a stranger's key is none", from: .due, outcome: .listed([listed("p", by: nil)]), to: reserved),
    Step(title: "a key that was given up is none", from: .due, outcome: .listed([given]), to: reserved),
    Step(title: "the key in force is none", from: .due, outcome: .listed([listed("old")]), to: reserved),
    Step(
      title: "a peer is making one: wait", from: .due, outcome: .listed([listed("p", "cpi-x", .creating)]), to: .due),
    Step(
      title: "a peer that never ends is not waited for", from: .due,
      outcome: .listed([listed("p", "cpi-x", .creating, age: 2000)]), to: reserved),
    Step(
      title: "delete-first clears the old key", from: .due, outcome: .listed([listed("old", by: "here")]),
      to: .clearing(guid: "old", job: nil), deletesFirst: true),
    Step(
      title: "delete-first with nothing to clear goes on", from: .due, outcome: .listed([]), to: reserved,
      deletesFirst: true),
    Step(
      title: "delete-first never clears a stranger's key", from: .due, outcome: .listed([listed("old", by: nil)]),
      to: reserved, deletesFirst: true,
      predecessor: KnownKey(guid: "old", name: nil, owner: .foreign, notBefore: old.notBefore, notAfter: old.notAfter)),
    Step(
      title: "the first key adopts a peer's", from: .due, outcome: .listed([listed("p", age: 9 * day)]),
      to: .created(foreign), predecessor: nil),
    Step(
      title: "the key that the configuration names", from: .due,
      outcome: .listed([listed("x", "by-hand", by: nil, base: nil)]),
      to: .created(NewKey(guid: "x", name: "by-hand", owner: .named)), predecessor: nil),
    Step(
      title: "the configuration's key comes after certrotd's own", from: .due,
      outcome: .listed([listed("x", "by-hand", by: nil, base: nil), listed("p", by: "here")]),
      to: .created(NewKey(guid: "p", name: "cpi-x", owner: .ours)), predecessor: nil),
    Step(
      title: "the configuration's key is for the beginning only", from: .due,
      outcome: .listed([listed("x", "by-hand", by: nil, base: nil)]), to: reserved),
    Step(
      title: "the configuration's key is not there", from: .due, outcome: .listed([]), to: reserved, predecessor: nil),
    Step(
      title: "cleared", from: .clearing(guid: "old", job: "j"), outcome: .jobDone(guid: nil), to: .due,
      events: [.deleted(guid: "old", stoppedWorking: true)], deletesFirst: true),
    Step(
      title: "clearing under way", from: .clearing(guid: "old", job: nil), outcome: .underWay(job: "j"),
      to: .clearing(guid: "old", job: "j")),
    Step(
      title: "clearing failed", from: .clearing(guid: "old", job: "j"), outcome: .jobFailed(guid: nil, words: "w"),
      to: .clearing(guid: "old", job: nil)),
    Step(
      title: "clearing: job lost", from: .clearing(guid: "old", job: "j"), outcome: .jobLost,
      to: .clearing(guid: "old", job: nil)),
    Step(
      title: "asked for", from: .requesting(name: "n"), outcome: .underWay(job: "j"),
      to: .following(name: "n", job: "j", guid: nil)),
    Step(
      title: "made at once", from: .requesting(name: "n"), outcome: .made(guid: "g"),
      to: .created(NewKey(guid: "g", name: "n", owner: .ours))),
    Step(
      title: "name taken: look whose it is", from: .requesting(name: "n"), outcome: .nameTaken,
      to: .requesting(name: "n")),
    Step(
      title: "refused: the name stays", from: .requesting(name: "n"), outcome: .failed(failure),
      to: .reserved(name: "n")),
    Step(
      title: "response lost: the key is looked for", from: .requesting(name: "n"), outcome: .failed(lost),
      to: .requesting(name: "n")),
    Step(
      title: "lost, and never made: the same name again", from: .requesting(name: "n"), outcome: .listed([listed("p")]),
      to: .reserved(name: "n")),
    Step(
      title: "lost, and made", from: .requesting(name: "n"), outcome: .listed([listed("g", "n", by: "here")]),
      to: .created(NewKey(guid: "g", name: "n", owner: .ours))),
    Step(
      title: "lost, and being made", from: .requesting(name: "n"),
      outcome: .listed([listed("g", "n", .creating, by: "here")]), to: .following(name: "n", job: nil, guid: "g")),
    Step(
      title: "being made for hours: no second one beside it", from: .requesting(name: "n"),
      outcome: .listed([listed("g", "n", .creating, age: 5 * 3600, by: "here")]),
      to: .following(name: "n", job: nil, guid: "g")),
    Step(
      title: "being made for hours while the key in force ends", from: .following(name: "n", job: nil, guid: "g"),
      outcome: .listed([listed("g", "n", .creating, age: 5 * 3600, by: "here")]), to: .due,
      predecessor: KnownKey(guid: "old", name: nil, owner: .ours, notBefore: old.notBefore, notAfter: now + day)),
    Step(
      title: "being made for longer than a broker may take", from: .following(name: "n", job: nil, guid: "g"),
      outcome: .listed([listed("g", "n", .creating, age: 8 * day, by: "here")]), to: .due),
    Step(
      title: "the peer was first with the same name", from: .requesting(name: "n"),
      outcome: .listed([listed("g", "n")]),
      to: .created(NewKey(guid: "g", name: "n", owner: .foreign))),
    Step(
      title: "the name is a stranger's", from: .requesting(name: "n"), outcome: .listed([listed("g", "n", by: nil)]),
      to: .due),
    Step(
      title: "lost, and failed", from: .requesting(name: "n"),
      outcome: .listed([listed("g", "n", .createFailed, by: "here")]),
      to: .due),
    Step(
      title: "still working", from: .following(name: "n", job: "j", guid: nil), outcome: .working(guid: "g"),
      to: .following(name: "n", job: "j", guid: "g")),
    Step(
      title: "a job that does not end: the list decides", from: .following(name: "n", job: "j", guid: "g"),
      outcome: .working(guid: nil), to: .following(name: "n", job: nil, guid: "g"), since: 3700),
    Step(
      title: "job done", from: .following(name: "n", job: "j", guid: "g"), outcome: .jobDone(guid: nil),
      to: .created(NewKey(guid: "g", name: "n", owner: .ours))),
    Step(
      title: "job done without a link", from: .following(name: "n", job: "j", guid: nil), outcome: .jobDone(guid: nil),
      to: .following(name: "n", job: nil, guid: nil)),
    Step(
      title: "job failed: another key", from: .following(name: "n", job: "j", guid: "g"),
      outcome: .jobFailed(guid: nil, words: "w"), to: .due),
    Step(
      title: "job lost: by name", from: .following(name: "n", job: "j", guid: nil), outcome: .jobLost,
      to: .requesting(name: "n")),
    Step(
      title: "vanished while it was made", from: .following(name: "n", job: nil, guid: "g"), outcome: .listed([]),
      to: .due),
    Step(
      title: "credentials sealed", from: .reading(key), outcome: .credentialsHeld, to: .held(key),
      events: [.created(name: key.name, guid: "new")]),
    Step(
      title: "a peer's credentials sealed", from: .reading(foreign), outcome: .credentialsHeld, to: .held(foreign)),
    Step(
      title: "a peer's key is accepted", from: .examined(foreign, certificate), outcome: .verified,
      to: .verified(foreign, certificate),
      events: [.adopted(name: "cpi-x", guid: "p", isShared: true), .verified(name: "cpi-x")]),
    Step(
      title: "somebody's key is accepted", from: .examined(named, certificate), outcome: .verified,
      to: .verified(named, certificate),
      events: [.adopted(name: "by-hand", guid: "x", isShared: false), .verified(name: "by-hand")]),
    Step(
      title: "not complete yet: the list is asked, not the details", from: .reading(key), outcome: .notReady,
      to: .following(name: key.name, job: nil, guid: "new")),
    Step(title: "reading failed", from: .reading(key), outcome: .failed(failure), to: .reading(key)),
    Step(
      title: "credentials that can never be read",
      from: .reading(NewKey(guid: "new", name: key.name, owner: .ours, reads: 10)), outcome: .failed(failure), to: .due,
      events: [.orphaned(guid: "new", reason: "its credentials cannot be read: no answer")]),
    Step(
      title: "good", from: .held(key), outcome: .examined(certificate), to: .examined(key, certificate)),
    Step(
      title: "of no use", from: .held(key), outcome: .defective(words: "w"), to: .due,
      events: [
        .refused(name: key.name, words: "w"), .orphaned(guid: "new", reason: "the new key is of no use: w"),
      ]),
    Step(
      title: "an issuer is missing here: the same key again", from: .held(key), outcome: .failed(failure),
      to: .held(key), since: 80_000),
    Step(
      title: "an issuer is missing for a day: another key", from: .held(key), outcome: .failed(failure), to: .due,
      events: [.orphaned(guid: "new", reason: "it could not be examined: no answer")], since: day),
    Step(
      title: "accepted", from: .examined(key, certificate), outcome: .verified, to: .verified(key, certificate),
      events: [.verified(name: key.name)]),
    Step(
      title: "refused at first: tried again, and nobody is told", from: .examined(key, certificate),
      outcome: .refused(words: "401"), to: .examined(key, certificate), since: 599),
    Step(
      title: "refused for longer than the patience", from: .examined(key, certificate), outcome: .refused(words: "401"),
      to: .due,
      events: [
        .refused(name: key.name, words: "401"),
        .orphaned(guid: "new", reason: "the platform does not accept the new key: 401"),
      ], since: 600),
    Step(
      title: "inconclusive", from: .examined(key, certificate), outcome: .failed(failure),
      to: .examined(key, certificate)),
    Step(
      title: "it ended before it could be tried", from: .examined(key, ended), outcome: .defective(words: "it ended"),
      to: .due,
      events: [
        .refused(name: key.name, words: "it ended"),
        .orphaned(guid: "new", reason: "the new key is of no use: it ended"),
      ]),
    Step(
      title: "it ended before it was delivered", from: .verified(key, ended), outcome: .defective(words: "it ended"),
      to: .due,
      events: [
        .refused(name: key.name, words: "it ended"),
        .orphaned(guid: "new", reason: "the new key is of no use: it ended"),
      ]),
    Step(
      title: "a job that cannot be followed: the list has the last word",
      from: .following(name: "n", job: "j", guid: "g"), outcome: .failed(failure),
      to: .following(name: "n", job: nil, guid: "g"), since: 4000),
    Step(
      title: "the new key is gone: the old one stays", from: .deleting(key, certificate, job: nil),
      outcome: .successorGone, to: .done(key, leftBehind: "old")),
    Step(
      title: "the old key is elsewhere", from: .deleting(key, certificate, job: nil), outcome: .elsewhere,
      to: .done(key, leftBehind: "old"),
      events: [.orphaned(guid: "old", reason: "it belongs to another service instance; delete it there")]),
    Step(
      title: "the made key is gone", from: .following(name: "n", job: nil, guid: "g"), outcome: .listed([]), to: .due),
    Step(
      title: "delivered: overlap", from: .verified(key, certificate), outcome: .delivered,
      to: .delivered(key, certificate, overlapEnds: now + 2 * day),
      events: [.renewed(name: key.name, notAfter: certificate.notAfter)]),
    Step(
      title: "an overlap ends with the old certificate", from: .verified(key, certificate), outcome: .delivered,
      to: .delivered(key, certificate, overlapEnds: now + 3600),
      events: [.renewed(name: key.name, notAfter: certificate.notAfter)],
      predecessor: KnownKey(guid: "old", name: nil, owner: .named, notBefore: now - day, notAfter: now + 3600)),
    Step(
      title: "nothing to delete: done", from: .verified(key, certificate), outcome: .delivered,
      to: .done(key, leftBehind: nil), events: [.renewed(name: key.name, notAfter: certificate.notAfter)],
      predecessor: nil),
    Step(
      title: "a peer's old key is the peer's affair", from: .verified(key, certificate), outcome: .delivered,
      to: .done(key, leftBehind: nil), events: [.renewed(name: key.name, notAfter: certificate.notAfter)],
      predecessor: KnownKey(guid: "old", name: nil, owner: .foreign, notBefore: now - day, notAfter: now + day)),
    Step(
      title: "not delivered", from: .verified(key, certificate), outcome: .failed(failure),
      to: .verified(key, certificate)),
    Step(
      title: "deletion under way", from: .deleting(key, certificate, job: nil), outcome: .underWay(job: "j"),
      to: .deleting(key, certificate, job: "j")),
    Step(
      title: "deleted", from: .deleting(key, certificate, job: nil), outcome: .deleted, to: .done(key, leftBehind: nil),
      events: [.overlapEnded(guid: "old"), .deleted(guid: "old", stoppedWorking: false)]),
    Step(
      title: "somebody else deleted it", from: .deleting(key, certificate, job: nil), outcome: .vanished,
      to: .done(key, leftBehind: nil), events: [.vanished(guid: "old")]),
    Step(
      title: "deleted by the job", from: .deleting(key, certificate, job: "j"), outcome: .jobDone(guid: nil),
      to: .done(key, leftBehind: nil),
      events: [.overlapEnded(guid: "old"), .deleted(guid: "old", stoppedWorking: false)]),
    Step(
      title: "the job of a deletion is lost", from: .deleting(key, certificate, job: "j"), outcome: .jobLost,
      to: .deleting(key, certificate, job: nil)),
    Step(
      title: "deletion failed: again", from: .deleting(key, certificate, job: "j"),
      outcome: .jobFailed(guid: nil, words: "w"), to: .deleting(key, certificate, job: nil)),
    Step(title: "what does not fit changes nothing", from: .held(key), outcome: .jobLost, to: .held(key)),
  ]

  @Test(arguments: steps)
  func `each outcome has its consequence`(step: Step) {
    let rotation = Self.rotation(step.from, step.predecessor, since: step.since)
    let after = rotation.applying(step.outcome, Self.context(deletesFirst: step.deletesFirst), now: Self.now)
    #expect(after.rotation.state == step.to)
    #expect(after.events == step.told)
  }
}
