// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Whether a rotation goes on, waits or has failed, and how patiently.
extension KeyRotationChange {
  mutating func move(_ state: KeyRotation.State) {
    // What failed in the state that is left works.
    if rotation.lastCause?.phase == rotation.phase { rotation.lastCause = nil }
    rotation.state = state
    rotation.since = now
    rotation.standing = .ready
    rotation.awaitsWindow = nil
  }

  mutating func wait(_ seconds: TimeInterval, _ reason: String) {
    rotation.standing = .waiting(until: now.addingTimeInterval(seconds), reason: reason)
    rotation.awaitsWindow = nil
  }

  /// Nothing has failed, however long it takes: the old key stays, and its overlap begins when all keystores have the new.
  mutating func waitForKeystores(_ keystores: [String], until: Date?) {
    let names = keystores.joined(separator: ", ")
    guard let until, until > now else {
      return wait(Self.secondsToVerify, "the keystores \(names) do not hold the new key yet")
    }
    // Looked at once a day all the same: the new key may end, or be due itself.
    wait(
      min(max(until.timeIntervalSince(now), Self.secondsToVerify), Self.longestPause),
      "the keystores \(names) wait for their change windows, the first until \(TimeText.instant(until))")
  }

  /// Without the key in force nothing works that uses it, so that it goes when its keystores may change.
  mutating func waitForWindow(_ window: WindowWait) {
    // Looked at once a day all the same: somebody else may delete the key, or renew it.
    wait(
      min(window.until.timeIntervalSince(now), Self.longestPause),
      "the service allows one key at a time, and the one in force is deleted first: \(window.sentence)")
    rotation.awaitsWindow = true
  }

  mutating func startAnew(_ reason: String, culprit: String, discarding key: NewKey) {
    let isToStay = isOnPlatformBefore
    startAnew(reason, culprit: culprit, discarding: key.guid)
    // One that was adopted stays what it was.
    if key.owner == .ours, !isToStay { events.append(.orphaned(guid: key.guid, reason: reason)) }
  }

  /// Another key has to be made, after a while.
  mutating func startAnew(_ reason: String, culprit: String, discarding guid: String? = nil) {
    if let guid { rotation.discarded.insert(guid) }
    rotation.withheld = 0
    (rotation.unreadable, rotation.isKeyFound) = (nil, nil)
    let standing = rotation.standing
    move(rotation.isAdoption && rotation.isInPlaceOfMaking != true ? .abandoned : .due)
    if rotation.state == .due {
      // What an operator said of one key holds for no other.
      rotation.isAdoption = false
      (rotation.adoptee, rotation.mayEndEarlier, rotation.isInPlaceOfMaking) = (nil, nil, nil)
    }
    // Keys that fail one after the other wait longer and longer.
    rotation.standing = standing
    fail(KeyFailure(reason, culprit: culprit), atLeast: rotation.attempts, isFurtherKey: rotation.attempts > 1)
  }

  /// The platform does not have the key in force any more, whoever deleted it.
  mutating func losePredecessor() {
    rotation.predecessor?.guid = nil
    rotation.isPredecessorGone = true
    rotation.predecessorGoneAt = now
    // What failed before was no outage; what fails from now on is one.
    (rotation.failingSince, rotation.lastCause) = (nil, nil)
  }

  mutating func fail(_ failure: KeyFailure, atLeast attempts: Int = 1, isFurtherKey: Bool = false) {
    var count = attempts
    // Without a valid key nothing works that uses it, and whoever can help has to know at once.
    let isOutage = rotation.failingSince == nil && hasNoValidKey
    let since = rotation.failingSince ?? now
    rotation.failingSince = since
    rotation.lastCause = KeyRotation.Cause(phase: phase, outcome: outcome, culprit: failure.culprit)
    var expected: Date?
    var heldBack = failure.wasHeldBack ? 1 : 0
    if case .failed(let before) = rotation.standing {
      count = max(before.attempts + 1, attempts)
      expected = before.next
      heldBack += before.heldBack ?? 0
    }
    // However urgent: each further key counts towards the quota of the service instance.
    var pause = Cadence.seconds(Backoff.delay(afterFailures: isUrgent && !isFurtherKey ? 1 : count))
    let isPausing = isFurtherKey && rotation.attempts > Self.mostKeysInARow
    if isPausing { pause = max(pause, Self.secondsBetweenKeys) }
    pause *= context.jitter.factor(startingAt: now)
    let wanted = failure.retryAfter.map(Cadence.seconds) ?? 0
    let next = now.addingTimeInterval(withinPatience(max(pause, wanted)))
    let standing = KeyRotation.Standing.Failure(
      reason: failure.reason, culprit: failure.culprit, attempts: count, since: since, next: next,
      restsUntil: failure.restsFor.map { now.addingTimeInterval(Cadence.seconds($0)) },
      heldBack: heldBack > 0 ? heldBack : nil, delay: wanted > pause ? .platform : isPausing ? .keys : nil)
    rotation.standing = .failed(standing)
    // However often it is tried, it is told again once a day.
    let days = [expected ?? next, next].map { ($0.timeIntervalSince(since) / Self.secondsToTellAgain).rounded(.down) }
    let isToldAgain = isFurtherKey ? count.isMultiple(of: Self.keysToTellAgain) : days[0] < days[1]
    if isOutage || count == Self.failuresToTell || (count > Self.failuresToTell && isToldAgain) {
      events.append(.failing(standing))
    }
  }

  /// At most so many seconds that the key in force does not lapse over them, whatever the platform wishes.
  func withinPatience(_ seconds: TimeInterval) -> TimeInterval {
    switch rotation.state {
    case .delivered, .deleting, .done, .abandoned: return seconds
    default: break
    }
    guard let predecessor = rotation.predecessor else { return seconds }
    return min(seconds, max(predecessor.notAfter.timeIntervalSince(now) / 4, Self.leastPause))
  }

  /// Whether the old key lapses so soon that politeness ends.
  var isUrgent: Bool {
    switch rotation.state {
    case .delivered, .deleting, .done, .abandoned: return false
    default: break
    }
    guard let predecessor = rotation.predecessor else { return true }
    return rotation.isPredecessorGone
      || LastTenth.start(notBefore: predecessor.notBefore, notAfter: predecessor.notAfter) <= now
  }

  /// Whether there was a key in force, and nothing can log in with it any more.
  var hasNoValidKey: Bool {
    switch rotation.state {
    case .delivered, .deleting, .done, .abandoned: return false
    default: break
    }
    return rotation.isPredecessorGone || rotation.predecessor.map { $0.notAfter <= now } ?? false
  }

  /// Whether the platform works on it for longer than it should.
  var isLate: Bool { now.timeIntervalSince(rotation.since) > Self.secondsForJobs }

  /// Seconds to the next look at a job that runs for `elapsed`: three at first, a minute at most.
  static func pollPause(after elapsed: TimeInterval) -> TimeInterval {
    min(max(secondsToPoll, elapsed / 4), 60)
  }

  static let secondsToPoll: TimeInterval = 3
  static let secondsToVerify: TimeInterval = 30
  static let secondsForJobs: TimeInterval = 3600
  /// Cloud Controller waits that long for a service broker (its `broker_client_max_async_poll_duration_minutes`, 10080).
  static let secondsForBrokers: TimeInterval = 7 * 86_400
  static let secondsForPeers: TimeInterval = 1800
  /// What this host lacks to examine a key, somebody may supply within a day.
  static let secondsToExamine: TimeInterval = 86_400
  static let failuresToTell = 3
  /// How often a key that is listed as complete may have no credentials yet.
  static let mostWithheld = 3
  /// How many answers with the credentials of one key are broken before the key is given up.
  static let mostUnreadable = 2
  /// How many keys are made one after the other before what is wrong with them is taken for lasting.
  static let mostKeysInARow = 5
  static let secondsBetweenKeys: TimeInterval = 6 * 3600
  static let leastPause: TimeInterval = 60
  static let longestPause: TimeInterval = 86_400
  static let secondsToTellAgain: TimeInterval = 86_400
  static let keysToTellAgain = 8
  /// How often the credentials of one key are asked for, each time because the last time failed.
  static let mostReads = 10
  /// A day and a half of attempts to delete, with the longest backoff.
  static let mostDeletions = 36
}
