// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension KeyRotation {
  /// The state after an action came to `outcome`, and what is worth telling.
  ///
  /// It is applied to what ``intending(_:now:)`` returned.
  package func applying(
    _ outcome: KeyOutcome, _ context: KeyRotationContext, now: Date
  ) -> (rotation: KeyRotation, events: [KeyRotationEvent]) {
    var change = KeyRotationChange(self, context, now)
    change.apply(outcome)
    return (change.rotation, change.events)
  }
}

/// One step of a rotation while it is put together.
struct KeyRotationChange {
  private(set) var rotation: KeyRotation
  private(set) var events: [KeyRotationEvent] = []
  private let context: KeyRotationContext
  private let now: Date

  init(_ rotation: KeyRotation, _ context: KeyRotationContext, _ now: Date) {
    self.rotation = rotation
    self.context = context
    self.now = now
  }

  mutating func apply(_ outcome: KeyOutcome) {
    switch (rotation.state, outcome) {
    case (.requesting, .failed(let failure)):
      // Whether it was sent is unknown: the state stays, and the key is looked for. Otherwise the name is still free.
      if !failure.mayHaveHappened, case .requesting(let name) = rotation.state {
        rotation.state = .reserved(name: name)
      }
      fail(failure)
    case (.reading(let key), .failed(let failure)) where key.reads >= Self.mostReads:
      startAnew("its credentials cannot be read: \(failure.reason)", culprit: failure.culprit, discarding: key)
    case (.held(let key), .failed(let failure)) where now.timeIntervalSince(rotation.since) >= Self.secondsToExamine:
      startAnew("it could not be examined: \(failure.reason)", culprit: failure.culprit, discarding: key)
    // Whoever could not be asked for that long is asked with another key.
    case (.examined(let key, let certificate), .failed(let failure)) where certificate.notAfter <= now:
      startAnew("it ended before it could be tried: \(failure.reason)", culprit: failure.culprit, discarding: key)
    case (_, .failed(let failure)): fail(failure)
    case (.due, .listed(let keys)): look(keys)
    case (.clearing, _): clear(outcome)
    case (.requesting(let name), .listed(let keys)): found(name, guid: nil, keys)
    case (.following(let name, nil, let guid), .listed(let keys)): found(name, guid: guid, keys)
    case (.requesting(let name), .underWay(let job)): move(.following(name: name, job: job, guid: nil))
    case (.requesting(let name), .made(let guid)): complete(name, guid, .ours)
    // The next step looks whose it is.
    case (.requesting, .nameTaken): rotation.standing = .ready
    case (.following(let name, _, let guid), _): follow(outcome, name, guid)
    case (.reading(let key), .credentialsHeld):
      move(.held(key))
      events.append(
        key.owner == .ours
          ? .created(name: key.name, guid: key.guid)
          : .adopted(name: key.name, guid: key.guid, isShared: key.owner == .foreign))
    // Asking for details is never repeated to wait: the list tells when the key is complete.
    case (.reading(let key), .notReady):
      move(.following(name: key.name, job: nil, guid: key.guid))
      wait(Self.secondsToPoll, "the key is not complete yet")
    case (.held(let key), .examined(let certificate)): move(.examined(key, certificate))
    case (.held(let key), .defective(let words)):
      events.append(.refused(name: key.name, words: words))
      startAnew("the new key is of no use: \(words)", culprit: "platform", discarding: key)
    case (.examined, _): verify(outcome)
    case (.verified(let key, let certificate), .delivered): deliver(key, certificate)
    case (.verified, .notDelivered(let keystores)):
      wait(Self.secondsToVerify, "the keystores \(keystores.joined(separator: ", ")) do not hold the new key yet")
    case (.deleting(let key, let certificate, _), _): delete(outcome, key, certificate)
    default: fail(KeyFailure("an outcome does not fit the state '\(rotation.phase)'", culprit: "certrotd"))
    }
  }

  // MARK: Looking

  private mutating func look(_ keys: [ListedKey]) {
    let peers = keys.filter(isSuccessor).sorted { ($0.createdAt ?? .distantPast) > ($1.createdAt ?? .distantPast) }
    if let peer = peers.first(where: { $0.state == .ready }) {
      return complete(peer.name, peer.guid, owner(of: peer))
    }
    if let peer = peers.first(where: { $0.state == .creating && age($0) < Self.secondsForPeers }) {
      return wait(Self.secondsToVerify, "\(peer.installation ?? "") is making the key \(peer.name)")
    }
    if let key = keyToBeginWith(keys) { return complete(key.name, key.guid, owner(of: key, unmarked: .named)) }
    if context.deletesFirst, let predecessor = rotation.predecessor, predecessor.guid != nil,
      predecessor.owner.mayDelete,
      keys.contains(where: { $0.guid == predecessor.guid })
    {
      return move(.clearing(job: nil))
    }
    let first = KeyName.make(base: context.base, at: rotation.attempts == 0 ? rotation.dueAt : now)
    // Two installations that become due together reserve the same name, so that the platform lets only one make it.
    let isTaken = keys.contains { $0.name == first }
    rotation.attempts += 1
    move(.reserved(name: isTaken ? KeyName.make(base: context.base, at: now) : first))
  }

  /// Whether a key of the list was made to replace the one in force.
  private func isSuccessor(_ key: ListedKey) -> Bool {
    guard key.installation != nil, key.base == context.base, !key.isGivenUp, !rotation.discarded.contains(key.guid),
      key.guid != rotation.predecessor?.guid
    else { return false }
    // Without one, whatever certrotd made for this service key will do, such as before the ledger was lost.
    guard let predecessor = rotation.predecessor else { return true }
    return (key.createdAt ?? .distantPast) > predecessor.notBefore
  }

  /// The key that the configuration names; only as long as there is none in force.
  private func keyToBeginWith(_ keys: [ListedKey]) -> ListedKey? {
    guard rotation.predecessor == nil, let wanted = context.adopted else { return nil }
    let usable = keys.filter { $0.state == .ready && !$0.isGivenUp && !rotation.discarded.contains($0.guid) }
    return usable.first { $0.guid == wanted } ?? usable.first { $0.name == wanted }
  }

  private func owner(of key: ListedKey, unmarked: KeyOwner = .foreign) -> KeyOwner {
    guard let installation = key.installation else { return unmarked }
    return installation == context.installation ? .ours : .foreign
  }

  private func age(_ key: ListedKey) -> TimeInterval { now.timeIntervalSince(key.createdAt ?? .distantPast) }

  private mutating func found(_ name: String, guid: String?, _ keys: [ListedKey]) {
    guard let key = keys.first(where: { $0.name == name }) else {
      // It was never made, or is gone: the name is free again.
      return guid == nil ? move(.reserved(name: name)) : startAnew("the key \(name) is gone", culprit: "platform")
    }
    guard key.installation != nil, key.base == context.base else {
      return startAnew("somebody else has a key of the name \(name)", culprit: "platform")
    }
    switch key.state {
    case .ready: complete(name, key.guid, owner(of: key))
    case .creating where age(key) < Self.secondsForJobs:
      let before = rotation
      move(.following(name: name, job: nil, guid: key.guid))
      if case .following = before.state { rotation.since = before.since }
      wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform makes the key \(name)")
    case .creating: startAnew("the platform does not finish the key \(name)", culprit: "platform", discarding: key.guid)
    case .createFailed:
      startAnew("the platform could not make the key \(name)", culprit: "platform", discarding: key.guid)
    case .deleting, .deleteFailed: startAnew("the key \(name) is being deleted", culprit: "platform")
    }
  }

  private mutating func follow(_ outcome: KeyOutcome, _ name: String, _ guid: String?) {
    switch outcome {
    case .working(let newer):
      let isLate = now.timeIntervalSince(rotation.since) > Self.secondsForJobs
      guard case .following(_, let job, _) = rotation.state else { return }
      // The list has the last word on a job that does not end.
      rotation.state = .following(name: name, job: isLate ? nil : job, guid: newer ?? guid)
      wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform makes the key \(name)")
    case .jobDone(let newer):
      if let found = newer ?? guid {
        complete(name, found, .ours)
      } else {
        move(.following(name: name, job: nil, guid: nil))
      }
    case .jobFailed(let newer, let words):
      startAnew("the platform could not make the key \(name): \(words)", culprit: "platform", discarding: newer ?? guid)
    case .jobLost: move(.requesting(name: name))
    default: fail(KeyFailure("an outcome does not fit a job", culprit: "certrotd"))
    }
  }

  private mutating func complete(_ name: String, _ guid: String, _ owner: KeyOwner) {
    move(.created(NewKey(guid: guid, name: name, owner: owner)))
  }

  // MARK: Proving

  private mutating func verify(_ outcome: KeyOutcome) {
    guard case .examined(let key, let certificate) = rotation.state else { return }
    switch outcome {
    case .verified:
      rotation.refusal = nil
      move(.verified(key, certificate))
      events.append(.verified(name: key.name))
    case .refused(let words):
      if rotation.refusal == nil { events.append(.refused(name: key.name, words: words)) }
      rotation.refusal = words
      // A new key is not known everywhere at once.
      guard now.timeIntervalSince(rotation.since) >= Cadence.seconds(context.verifyPatience) else {
        return wait(Self.secondsToVerify, "the platform does not accept the new key yet: \(words)")
      }
      startAnew("the platform does not accept the new key: \(words)", culprit: "platform", discarding: key)
    default: fail(KeyFailure("an outcome does not fit verification", culprit: "certrotd"))
    }
  }

  private mutating func deliver(_ key: NewKey, _ certificate: NewCertificate) {
    events.append(.renewed(name: key.name, notAfter: certificate.notAfter))
    guard let predecessor = rotation.predecessor, let old = predecessor.guid, old != key.guid, !context.deletesFirst,
      predecessor.owner.mayDelete
    else { return move(.done(key, leftBehind: nil)) }
    // A certificate that has ended needs no overlap any more.
    let wanted = now.addingTimeInterval(Cadence.seconds(context.overlap))
    move(.delivered(key, certificate, overlapEnds: max(now, min(wanted, predecessor.notAfter))))
  }

  // MARK: Deleting

  private mutating func clear(_ outcome: KeyOutcome) {
    switch outcome {
    case .underWay(let job):
      rotation.state = .clearing(job: job)
      wait(Self.secondsToPoll, "the platform deletes the old key")
    case .working:
      wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform deletes the old key")
    case .jobLost: rotation.state = .clearing(job: nil)
    case .jobFailed(_, let words):
      rotation.state = .clearing(job: nil)
      fail(KeyFailure("the platform could not delete the old key: \(words)", culprit: "platform"))
    case .deleted, .jobDone:
      if let guid = rotation.predecessor?.guid { events.append(.deleted(guid: guid, stoppedWorking: true)) }
      rotation.predecessor?.guid = nil
      move(.due)
    default: fail(KeyFailure("an outcome does not fit a deletion", culprit: "certrotd"))
    }
  }

  private mutating func delete(_ outcome: KeyOutcome, _ key: NewKey, _ certificate: NewCertificate) {
    let guid = rotation.predecessor?.guid ?? ""
    switch outcome {
    case .underWay(let job):
      rotation.state = .deleting(key, certificate, job: job)
      wait(Self.secondsToPoll, "the platform deletes the old key")
    case .working:
      wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform deletes the old key")
    case .deleted, .jobDone:
      events += [.overlapEnded(guid: guid), .deleted(guid: guid, stoppedWorking: false)]
      move(.done(key, leftBehind: nil))
    case .jobLost: rotation.state = .deleting(key, certificate, job: nil)
    case .jobFailed(_, let words):
      rotation.state = .deleting(key, certificate, job: nil)
      fail(KeyFailure("the platform could not delete the old key: \(words)", culprit: "platform"))
    default: fail(KeyFailure("an outcome does not fit a deletion", culprit: "certrotd"))
    }
  }

  // MARK: Standing

  private mutating func move(_ state: KeyRotation.State) {
    rotation.state = state
    rotation.since = now
    rotation.standing = .ready
  }

  private mutating func wait(_ seconds: TimeInterval, _ reason: String) {
    rotation.standing = .waiting(until: now.addingTimeInterval(seconds), reason: reason)
  }

  private mutating func startAnew(_ reason: String, culprit: String, discarding key: NewKey) {
    startAnew(reason, culprit: culprit, discarding: key.guid)
    if key.owner == .ours { events.append(.orphaned(guid: key.guid, reason: reason)) }
  }

  /// Another key has to be made, after a while.
  private mutating func startAnew(_ reason: String, culprit: String, discarding guid: String? = nil) {
    if let guid { rotation.discarded.insert(guid) }
    rotation.refusal = nil
    let standing = rotation.standing
    move(.due)
    // Keys that fail one after the other wait longer and longer.
    rotation.standing = standing
    fail(KeyFailure(reason, culprit: culprit), atLeast: rotation.attempts)
  }

  private mutating func fail(_ failure: KeyFailure, atLeast attempts: Int = 1) {
    var count = attempts
    var since = now
    var expected: Date?
    if case .failed(let before) = rotation.standing {
      count = max(before.attempts + 1, attempts)
      since = before.since
      expected = before.next
    }
    if case .deleting(let key, _, _) = rotation.state, count >= Self.mostDeletions,
      let guid = rotation.predecessor?.guid
    {
      // What cannot be deleted must not stand in the way of the next renewal.
      events.append(.orphaned(guid: guid, reason: failure.reason))
      return move(.done(key, leftBehind: guid))
    }
    // However urgent: each further key counts towards the quota of the service instance.
    let isFurtherKey = attempts > 1
    let pause = Cadence.seconds(Backoff.delay(afterFailures: isUrgent && !isFurtherKey ? 1 : count))
    let wanted = failure.retryAfter.map(Cadence.seconds) ?? 0
    let next = now.addingTimeInterval(max(pause * context.jitter.factor(startingAt: now), wanted))
    let standing = KeyRotation.Standing.Failure(
      reason: failure.reason, culprit: failure.culprit, attempts: count, since: since, next: next)
    rotation.standing = .failed(standing)
    // However often it is tried, it is told again once a day.
    let days = [expected ?? next, next].map { ($0.timeIntervalSince(since) / Self.secondsToTellAgain).rounded(.down) }
    let isToldAgain = isFurtherKey ? count.isMultiple(of: Self.keysToTellAgain) : days[0] < days[1]
    if count == Self.failuresToTell || (count > Self.failuresToTell && isToldAgain) {
      events.append(.failing(standing))
    }
  }

  /// Whether the old key lapses so soon that politeness ends.
  private var isUrgent: Bool {
    switch rotation.state {
    case .delivered, .deleting, .done: return false
    default: break
    }
    guard let predecessor = rotation.predecessor else { return true }
    return predecessor.guid == nil && context.deletesFirst
      || LastTenth.start(notBefore: predecessor.notBefore, notAfter: predecessor.notAfter) <= now
  }

  /// Seconds to the next look at a job that runs for `elapsed`: three at first, a minute at most.
  private static func pollPause(after elapsed: TimeInterval) -> TimeInterval {
    min(max(secondsToPoll, elapsed / 4), 60)
  }

  private static let secondsToPoll: TimeInterval = 3
  private static let secondsToVerify: TimeInterval = 30
  private static let secondsForJobs: TimeInterval = 3600
  private static let secondsForPeers: TimeInterval = 1800
  /// What this host lacks to examine a key, somebody may supply within a day.
  private static let secondsToExamine: TimeInterval = 86_400
  private static let failuresToTell = 3
  private static let secondsToTellAgain: TimeInterval = 86_400
  private static let keysToTellAgain = 8
  /// How often the credentials of one key are asked for, each time because the last time failed.
  private static let mostReads = 10
  /// A day and a half of attempts to delete, with the longest backoff.
  private static let mostDeletions = 36
}
