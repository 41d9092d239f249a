// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension KeyRotation {
  package enum Next: Sendable, Hashable {
    case act(KeyAction)
    case wait(until: Date, reason: String)
    case finished
  }

  /// What is to be done now.
  package func next(_ context: KeyRotationContext, now: Date) -> Next {
    switch standing {
    case _ where isFinished: .finished
    case .waiting(let until, let reason) where now < until && isPlausible(until, now):
      .wait(until: until, reason: reason)
    case .failed(let failure) where now < failure.next && isPlausible(failure.next, now):
      .wait(until: failure.next, reason: failure.reason)
    default: due(context, now: now)
    }
  }

  private func due(_ context: KeyRotationContext, now: Date) -> Next {
    switch state {
    case .due: return .act(.look)
    case .clearing(_, let job?): return .act(.follow(job: job))
    case .clearing(let guid, nil): return .act(.delete(guid: guid))
    case .reserved(let name): return .act(.create(name: name))
    case .requesting(let name): return .act(.find(name: name))
    case .following(_, let job?, _): return .act(.follow(job: job))
    case .following(let name, nil, _): return .act(.find(name: name))
    case .created(let key), .reading(let key): return .act(.read(guid: key.guid))
    case .held(let key): return .act(.examine(guid: key.guid))
    case .examined(let key, _): return .act(.verify(guid: key.guid))
    case .verified(let key, _): return .act(.deliver(guid: key.guid))
    case .delivered: return retirement(context, now: now)
    // The next renewal waits for no deletion, either.
    case .deleting where context.successorDue.map { $0 <= now } ?? false: return .finished
    case .deleting(_, _, let job?): return .act(.follow(job: job))
    case .deleting(_, _, nil):
      guard let guid = predecessor?.guid else { return .finished }
      // Since the deletion was intended, a keystore may have been rolled back.
      if let refusal = context.holders.refusal { return lookAgain(refusal, now) }
      return .act(.delete(guid: guid))
    case .done, .abandoned: return .finished
    }
  }

  private func retirement(_ context: KeyRotationContext, now: Date) -> Next {
    guard let guid = predecessor?.guid, !context.isPredecessorDeleted else { return .finished }
    // The next renewal does not wait for an overlap: the old key is left to `OrphanPlanner`.
    if let successorDue = context.successorDue, successorDue <= now { return .finished }
    switch removal(context, now: now) {
    case nil: return .act(.delete(guid: guid))
    case .overlap(let until): return .wait(until: until, reason: KeyRemoval.Refusal.overlap(until: until).description)
    case .some(let refusal) where refusal == context.holders.refusal: return lookAgain(refusal, now)
    // It never may be deleted: nothing is left to do.
    default: return .finished
    }
  }

  private func lookAgain(_ refusal: KeyRemoval.Refusal, _ now: Date) -> Next {
    .wait(until: now.addingTimeInterval(Self.lookAgain), reason: refusal.description)
  }

  /// The same without waiting, since an operator asks for another attempt; how often and how long it failed stays known.
  ///
  /// A login that rests is told of afresh if it is refused again.
  package func urged(now: Date) -> KeyRotation {
    guard case .failed(var failure) = standing else { return released() }
    failure.next = min(failure.next, now)
    failure.restsUntil = nil
    var rotation = self
    rotation.standing = .failed(failure)
    return rotation
  }

  /// The same without waiting and as if nothing had failed, since what it depends on has changed.
  package func released() -> KeyRotation {
    var rotation = self
    rotation.standing = .ready
    rotation.lastCause = nil
    return rotation
  }

  /// The same without waiting for another attempt, since what failed it may have changed.
  ///
  /// What waits for its time goes on waiting, and so does the pause after several keys in a row that were of no use: each
  /// further one counts towards the quota of the service instance.
  package func hastened(now: Date) -> KeyRotation {
    guard case .failed = standing else { return self }
    let isPausing =
      state == .due && attempts > KeyRotationChange.mostKeysInARow
      && now.timeIntervalSince(since) < KeyRotationChange.secondsBetweenKeys
    return isPausing ? self : released()
  }

  /// Whether nothing but keystores may be in the way of the old key's deletion.
  func mayDeletePredecessor(now: Date) -> Bool {
    switch state {
    case .delivered(_, _, let overlapEnds): overlapEnds <= now
    case .deleting: true
    default: false
    }
  }

  /// Why the old key must not be deleted now; nil when it may be.
  func removal(_ context: KeyRotationContext, now: Date) -> KeyRemoval.Refusal? {
    guard case .delivered(let key, let certificate, let overlapEnds) = state, let predecessor else { return .unknown }
    return KeyRemoval(
      owner: predecessor.owner, isInForce: predecessor.guid == key.guid, isInFlight: false,
      holders: context.holders, overlapEnds: overlapEnds,
      otherValidKeys: certificate.notAfter > now ? 1 : 0, ends: predecessor.notAfter
    ).refusal(now: now)
  }

  /// The state to record before `action` is carried out.
  package func intending(_ action: KeyAction, now: Date) -> KeyRotation {
    var rotation = self
    switch (action, state) {
    case (.create, .reserved(let name)): rotation.state = .requesting(name: name)
    case (.read, .created(var key)), (.read, .reading(var key)):
      key.reads += 1
      rotation.state = .reading(key)
    case (.delete, .delivered(let key, let certificate, _)): rotation.state = .deleting(key, certificate, job: nil)
    default: return self
    }
    rotation.since = now
    return rotation
  }

  /// A time farther away than any wait, and a state that is entered in the future, come from a clock that was set back.
  private func isPlausible(_ time: Date, _ now: Date) -> Bool {
    time.timeIntervalSince(now) <= Self.longestWait && since <= now
  }

  /// Seconds.
  static let lookAgain: TimeInterval = 600
  /// Seconds: a day, which a platform may ask for, and some.
  private static let longestWait: TimeInterval = 1.2 * 86_400
}
