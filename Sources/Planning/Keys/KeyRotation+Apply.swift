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
  var rotation: KeyRotation
  var events: [KeyRotationEvent] = []
  let context: KeyRotationContext
  let now: Date
  /// The state's name before the step.
  let phase: String
  /// What the action came to.
  private(set) var outcome = ""

  init(_ rotation: KeyRotation, _ context: KeyRotationContext, _ now: Date) {
    self.rotation = rotation
    self.context = context
    self.now = now
    phase = rotation.phase
  }

  mutating func apply(_ outcome: KeyOutcome) {
    self.outcome = outcome.kind
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
    case (.following(let name, .some, let guid), .failed(let failure)) where isLate:
      // The list has the last word on a job that cannot be followed.
      rotation.state = .following(name: name, job: nil, guid: guid)
      fail(failure)
    // Most likely with this very deletion, whose answer was lost; without a key, each minute counts.
    case (.clearing, .failed(let failure)) where failure.isBusy && !isLate:
      wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), failure.reason)
    case (.clearing, .failed(let failure)), (.deleting, .failed(let failure)): failDeletion(failure)
    case (_, .failed(let failure)): fail(failure)
    case (.due, .listed(let keys)): look(keys)
    case (.clearing(let guid, _), _): clear(guid, outcome)
    case (.requesting(let name), .listed(let keys)): found(name, guid: nil, keys)
    case (.following(let name, nil, let guid), .listed(let keys)): found(name, guid: guid, keys)
    case (.requesting(let name), .underWay(let job)): move(.following(name: name, job: job, guid: nil))
    case (.requesting(let name), .made(let guid)): complete(name, guid, .ours)
    // The next step looks whose it is, after a while: the platform may not list it yet, or never.
    case (.requesting(let name), .nameTaken):
      fail(KeyFailure("the platform has a key of the name \(name) already", culprit: "platform"))
    case (.following(let name, _, let guid), _): follow(outcome, name, guid)
    case (.reading(let key), .credentialsHeld):
      rotation.withheld = 0
      rotation.unreadable = nil
      move(.held(key))
      if key.owner == .ours, !isOnPlatformBefore, rotation.isKeyFound != true {
        events.append(.created(name: key.name, guid: key.guid))
      }
    // Asking for details is never repeated to wait: the list tells when the key is complete.
    case (.reading(let key), .notReady): withhold(key)
    case (.reading(let key), .unreadable(let words)): readOnceMore(key, words)
    case (.held(let key), .examined(let certificate)): move(.examined(key, certificate))
    // It may have ended since it was examined.
    case (.held(let key), .defective(let words, let culprit)),
      (.examined(let key, _), .defective(let words, let culprit)),
      (.verified(let key, _), .defective(let words, let culprit)):
      events.append(.refused(name: key.name, words: words))
      startAnew("the new key is of no use: \(words)", culprit: culprit, discarding: key)
    case (.examined, _): verify(outcome)
    case (.verified(let key, let certificate), .delivered): deliver(key, certificate)
    case (.verified, .notDelivered(let keystores, let until)): waitForKeystores(keystores, until: until)
    case (.deleting(let key, _, _), .successorGone):
      move(.done(key, leftBehind: rotation.predecessor?.guid))
    case (.deleting(let key, _, _), .elsewhere):
      let old = rotation.predecessor?.guid
      if let old {
        events.append(.orphaned(guid: old, reason: "it belongs to another service instance; delete it there"))
      }
      move(.done(key, leftBehind: old))
    case (.deleting(let key, let certificate, _), _): delete(outcome, key, certificate)
    default: fail(KeyFailure("an outcome does not fit the state '\(rotation.phase)'", culprit: "certrotd"))
    }
  }

  /// Whether somebody chose a key that is there, and nothing is made.
  var isOnPlatformBefore: Bool { rotation.isAdoption || rotation.adoptee != nil }

  // MARK: Looking

  private mutating func look(_ keys: [ListedKey]) {
    if rotation.lastCause?.phase == phase { rotation.lastCause = nil }
    recognisePredecessor(keys)
    let birth = birthOfPredecessor(keys)
    let peers = keys.filter { isSuccessor($0, madeAfter: birth) }.sorted {
      ($0.createdAt ?? .distantPast) > ($1.createdAt ?? .distantPast)
    }
    if let peer = peers.first(where: { $0.state == .ready }) {
      rotation.isKeyFound = true
      return complete(peer.name, peer.guid, owner(of: peer))
    }
    // What this installation began and knows nothing of any more, it does not wait for.
    if let peer = peers.first(where: {
      $0.state == .creating && age($0) < Self.secondsForPeers && $0.installation != context.installation
    }) {
      return wait(Self.secondsToVerify, "\(peer.installation ?? "") is making the key \(peer.name)")
    }
    if let key = keyToBeginWith(keys) { return complete(key.name, key.guid, owner(of: key, unmarked: .named)) }
    if let until = endsLater() {
      return wait(
        until.timeIntervalSince(now), "a new key would end before the one in force does")
    }
    if context.deletesFirst, let guid = keyInTheWay(keys) {
      if guid == rotation.predecessor?.guid, let window = context.deletionWindow { return waitForWindow(window) }
      return move(.clearing(guid: guid, job: nil))
    }
    let first = KeyName.make(base: context.base, at: rotation.attempts == 0 ? rotation.dueAt : now)
    // Two installations that become due together reserve the same name, so that the platform lets only one make it.
    let isTaken = keys.contains { $0.name == first }
    rotation.attempts += 1
    move(.reserved(name: isTaken ? KeyName.make(base: context.base, at: now) : first))
  }

  /// Finds out what the list says of the key in force.
  private mutating func recognisePredecessor(_ keys: [ListedKey]) {
    guard let predecessor = rotation.predecessor else { return }
    if let guid = predecessor.guid {
      guard !keys.contains(where: { $0.guid == guid }) else { return rotation.isLossTold = nil }
      losePredecessor()
      // It works on, and nobody here can delete it.
      guard !context.isPredecessorElsewhere else {
        events.append(
          .orphaned(
            guid: guid,
            reason:
              "it belongs to the service instance that was configured before; delete it there once the new key is used")
        )
        return rotation.predecessorGoneAt = nil
      }
      if rotation.isLossTold != true { events.append(.lost(name: predecessor.name ?? guid, guid: guid)) }
    } else if !rotation.isPredecessorGone, let wanted = context.adopted,
      let key = keys.first(where: { $0.guid == wanted }) ?? keys.first(where: { $0.name == wanted }),
      key.installation == nil, key.state == .ready
    {
      // It came as a file, and the configuration says which key on the platform it is.
      rotation.predecessor?.guid = key.guid
      rotation.predecessor?.name = key.name
      rotation.predecessor?.owner = .named
    }
  }

  /// When a new key begins to end later than the one in force; nil if it does now, or need not.
  private func endsLater() -> Date? {
    guard let validity = context.validity, let predecessor = rotation.predecessor, !rotation.isPredecessorGone else {
      return nil
    }
    let from = predecessor.notAfter.addingTimeInterval(-Cadence.seconds(validity))
    return from > now ? min(from, now.addingTimeInterval(Self.longestPause)) : nil
  }

  /// The key that has to go before a service that allows only one makes another.
  private func keyInTheWay(_ keys: [ListedKey]) -> String? {
    let present = Set(keys.filter { $0.state != .deleting }.map(\.guid))
    // One that turned out to be of no use serves nobody.
    if let useless = rotation.discarded.sorted().first(where: present.contains),
      keys.contains(where: { $0.guid == useless && owner(of: $0) == .ours })
    {
      return useless
    }
    guard let predecessor = rotation.predecessor, let guid = predecessor.guid, predecessor.owner.mayDelete else {
      return nil
    }
    return present.contains(guid) ? guid : nil
  }

  /// When the key in force was made, by the platform's clock where it lists the key; nil without one in force.
  private func birthOfPredecessor(_ keys: [ListedKey]) -> Date? {
    guard let predecessor = rotation.predecessor else { return nil }
    // Certificates are backdated by an hour or a day, in which an older key may have been made.
    return keys.first { $0.guid == predecessor.guid }?.createdAt ?? predecessor.notBefore
  }

  /// Whether a key of the list was made to replace the one in force, which was made at `birth`.
  private func isSuccessor(_ key: ListedKey, madeAfter birth: Date?) -> Bool {
    guard key.installation != nil, key.base == context.base, !key.isGivenUp, !rotation.discarded.contains(key.guid),
      key.guid != rotation.predecessor?.guid
    else { return false }
    // Without one, whatever certrotd made for this service key will do, such as before the ledger was lost.
    guard let birth else { return true }
    return (key.createdAt ?? .distantPast) > birth
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
      if let guid { return startAnew("the key \(name) is gone", culprit: "platform", discarding: guid) }
      return reserveAgain(name)
    }
    guard key.installation != nil, key.base == context.base else {
      return startAnew("somebody else has a key of the name \(name)", culprit: "platform")
    }
    switch key.state {
    case .ready: complete(name, key.guid, owner(of: key))
    case .creating where age(key) < Self.secondsForJobs || (age(key) < Self.secondsForBrokers && !isUrgent):
      let before = rotation
      move(.following(name: name, job: nil, guid: key.guid))
      if case .following = before.state { rotation.since = before.since }
      guard age(key) >= Self.secondsForJobs else {
        return wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform makes the key \(name)")
      }
      // A second key while this one is in the making might exceed a quota, and leave one that nobody needs.
      rotation.standing = before.standing
      let since = TimeText.instant(key.createdAt ?? rotation.since)
      fail(KeyFailure("the platform has been making the key \(name) since \(since)", culprit: "platform"))
    case .creating: startAnew("the platform does not finish the key \(name)", culprit: "platform", discarding: key.guid)
    case .createFailed:
      startAnew("the platform could not make the key \(name)", culprit: "platform", discarding: key.guid)
    case .deleting, .deleteFailed:
      startAnew("the key \(name) is being deleted", culprit: "platform", discarding: key.guid)
    }
  }

  /// The key was never made: its name is free, or somebody has it who is not listed, and then another name is needed.
  private mutating func reserveAgain(_ name: String) {
    // What failed so far goes on to count, so that this does not turn for ever without a pause.
    var isHopeless = false
    if case .failed(let failure) = rotation.standing { isHopeless = failure.attempts >= Self.failuresToTell }
    rotation.state = .reserved(name: isHopeless ? KeyName.make(base: context.base, at: now) : name)
    rotation.since = now
  }

  /// The list says that the key is complete, and the platform that its credentials are not there.
  private mutating func withhold(_ key: NewKey) {
    rotation.withheld += 1
    move(.following(name: key.name, job: nil, guid: key.guid))
    guard rotation.withheld >= Self.mostWithheld else {
      return wait(Self.secondsToPoll, "the key is not complete yet")
    }
    let words = "the platform lists the key \(key.name) and does not give its credentials: the login may lack the role"
    fail(KeyFailure(words, culprit: "configuration"), atLeast: rotation.withheld - Self.mostWithheld + 1)
  }

  /// Each further answer with credentials is another record in the platform's audit, so that there is one more and no third.
  private mutating func readOnceMore(_ key: NewKey, _ words: String) {
    let count = (rotation.unreadable ?? 0) + 1
    rotation.unreadable = count
    guard count >= Self.mostUnreadable else { return fail(KeyFailure(words, culprit: "platform")) }
    startAnew("its credentials cannot be read: \(words)", culprit: "platform", discarding: key)
  }

  private mutating func follow(_ outcome: KeyOutcome, _ name: String, _ guid: String?) {
    switch outcome {
    case .working(let newer):
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
      startAnew(
        "the platform could not make the key \(name): \(words)\(advice(on: words))", culprit: "platform",
        discarding: newer ?? guid)
    case .jobLost: move(.requesting(name: name))
    default: fail(KeyFailure("an outcome does not fit a job", culprit: "certrotd"))
    }
  }

  /// What to do about a service that takes no second key; empty for any other refusal.
  private func advice(on words: String) -> String {
    let text = words.lowercased()
    guard !context.deletesFirst, rotation.predecessor?.guid != nil,
      ["at a time", "at most", "only one", "exceed", "maximum", "limit"].contains(where: text.contains)
    else { return "" }
    return "; if the service allows one key with a certificate, 'replace: delete-first' is needed"
  }

  private mutating func complete(_ name: String, _ guid: String, _ owner: KeyOwner) {
    move(.created(NewKey(guid: guid, name: name, owner: owner)))
  }

  // MARK: Proving

  private mutating func verify(_ outcome: KeyOutcome) {
    guard case .examined(let key, let certificate) = rotation.state else { return }
    switch outcome {
    case .verified:
      move(.verified(key, certificate))
      // That it is used is told of no key that is of no use.
      if key.owner != .ours || isOnPlatformBefore || rotation.isKeyFound == true {
        events.append(.adopted(name: key.name, guid: key.guid, isShared: key.owner == .foreign))
      }
      events.append(.verified(name: key.name))
    case .refused(let words):
      // A new key is not known everywhere at once: before the patience is over, nobody can do anything about it.
      guard now.timeIntervalSince(rotation.since) >= Cadence.seconds(context.verifyPatience) else {
        let end = TimeText.instant(rotation.since.addingTimeInterval(Cadence.seconds(context.verifyPatience)))
        return wait(
          Self.secondsToVerify, "the platform does not accept the new key yet, as is tried until \(end): \(words)")
      }
      events.append(.refused(name: key.name, words: words))
      startAnew("the platform does not accept the new key: \(words)", culprit: "platform", discarding: key)
    default: fail(KeyFailure("an outcome does not fit verification", culprit: "certrotd"))
    }
  }

  private mutating func deliver(_ key: NewKey, _ certificate: NewCertificate) {
    events.append(.renewed(name: key.name, notAfter: certificate.notAfter))
    (rotation.failingSince, rotation.lastCause) = (nil, nil)
    guard let predecessor = rotation.predecessor, let old = predecessor.guid, old != key.guid, !context.deletesFirst,
      predecessor.owner.mayDelete
    else { return move(.done(key, leftBehind: nil)) }
    // A certificate that has ended needs no overlap any more.
    let wanted = now.addingTimeInterval(Cadence.seconds(context.overlap))
    move(.delivered(key, certificate, overlapEnds: max(now, min(wanted, predecessor.notAfter))))
  }
}
