// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Planning
import Settings

/// Puts what happens to keys on the platform into words and fields.
enum KeyNews {
  static func due(_ settings: ServiceKeySettings, _ rotation: KeyRotation, because reason: Reason) -> Events.Raised {
    var fields: [EventField: String] = [.serviceKey: settings.name, .reason: reason.description]
    fields[.notAfter] = rotation.predecessor.map { EventTime.text($0.notAfter) }
    return Events.Raised(
      .keyDue, message: "service key \(settings.name) gets a new key on the platform: \(reason)", fields: fields)
  }

  static func orphaned(_ settings: ServiceKeySettings, _ guid: String, reason: String) -> Events.Raised {
    Events.Raised(
      .keyOrphaned, message: "service key \(settings.name): the key \(guid) is left on the platform: \(reason)",
      fields: [.serviceKey: settings.name, .keyGUID: guid, .reason: reason])
  }

  /// A key that is not in force any more, and that nobody deleted here.
  ///
  /// `keystores` still hold it.
  static func vanished(_ settings: ServiceKeySettings, _ guid: String, keystores: [String]) -> Events.Raised {
    let consequence =
      keystores.isEmpty
      ? "no keystore holds it"
      : "nothing can log in with it, and the keystores \(keystores.joined(separator: ", ")) still hold it"
    let reason = "somebody else deleted it: \(consequence)"
    return Events.Raised(
      .keyDeleted, message: "service key \(settings.name): the key \(guid) is no longer on the platform: \(reason)",
      fields: [.serviceKey: settings.name, .keyGUID: guid, .reason: reason])
  }

  /// What an action is about to do, for somebody who waits.
  static func intention(_ action: KeyAction) -> String {
    switch action {
    case .look: "listing the keys on the platform"
    case .find(let name): "looking for the key \(name)"
    case .create(let name): "creating the key \(name)"
    case .follow: "asking how far the platform is"
    case .read: "reading the new key"
    case .examine: "examining the new key"
    case .verify: "trying the new key against the platform"
    case .deliver: "delivering the new key to its keystores"
    case .delete: "deleting the old key"
    }
  }

  /// - Parameters:
  ///   - event: what happened.
  ///   - settings: of the service key.
  ///   - identity: the one in force.
  ///   - hasKeyInForce: whether the platform still has its key, as far as anybody knows.
  ///   - now: the wall clock.
  /// - Returns: what is told of it.
  static func raised(
    _ event: KeyRotationEvent, _ settings: ServiceKeySettings, identity: IdentityState?, hasKeyInForce: Bool = true,
    now: Date
  ) -> Events.Raised {
    let name = settings.name
    let title = "service key \(name)"
    switch event {
    case .created(let key, let guid):
      return Events.Raised(
        .keyCreated, message: "\(title): the key \(key) was created on the platform",
        fields: [.serviceKey: name, .keyName: key, .keyGUID: guid])
    case .adopted(let key, let guid, let isShared):
      let what =
        isShared
        ? "the key \(key), which another installation made, is used here, too"
        : "the key \(key), which was on the platform already, is taken over"
      return Events.Raised(
        .keyAdopted, message: "\(title): \(what)",
        fields: [.serviceKey: name, .keyName: key, .keyGUID: guid])
    case .verified(let key):
      return Events.Raised(
        .keyVerified,
        message: settings.verify == .none
          ? "\(title): the new key \(key) is taken as it was examined, since 'verify: none' asks nobody"
          : "\(title): the platform accepts the new key \(key)",
        fields: [.serviceKey: name, .keyName: key])
    case .lost(let key, let guid):
      let reason = "somebody deleted it on the platform: nothing can log in with it, and another one is made at once"
      return Events.Raised(
        .keyLost, message: "\(title): the platform no longer has the key in force, \(key): \(reason)",
        fields: [.serviceKey: name, .keyName: key, .keyGUID: guid, .reason: reason])
    case .refused(let key, let words):
      let works = hasKeyInForce && identity.map { $0.notAfter > now } ?? false
      let consequence = works ? "the one in force stays" : "there is none in force that works"
      return Events.Raised(
        .keyRefused, message: "\(title): the new key \(key) is not accepted, and \(consequence): \(words)",
        fields: [.serviceKey: name, .keyName: key, .reason: words])
    case .renewed(let key, let end):
      var fields: [EventField: String] = [.serviceKey: name, .keyName: key, .notAfter: EventTime.text(end)]
      fields[.fingerprint] = identity?.leaf.description
      return Events.Raised(
        .keyRenewed, message: "\(title) was renewed: \(key) is in force until \(TimeText.instant(end))", fields: fields)
    case .overlapEnded(let guid):
      return Events.Raised(
        .keyOverlapEnded, message: "\(title): the overlap with the key \(guid) is over",
        fields: [.serviceKey: name, .keyGUID: guid])
    case .deleted(let guid, let stoppedWorking):
      let reason =
        stoppedWorking
        ? "the service allows one key at a time: until the new one is delivered, nothing works that uses it"
        : "nothing uses it any more"
      return Events.Raised(
        .keyDeleted, message: "\(title): the key \(guid) was deleted on the platform: \(reason)",
        fields: [.serviceKey: name, .keyGUID: guid, .reason: reason])
    case .vanished(let guid): return vanished(settings, guid, keystores: [])
    case .orphaned(let guid, let reason): return orphaned(settings, guid, reason: reason)
    case .failing(let failure): return failing(failure, settings, identity, now)
    }
  }

  /// An attempt that failed, where nothing else tells of it and the one before did not fail in the same way.
  ///
  /// - Parameters:
  ///   - before: the rotation as it was recorded before the attempt.
  ///   - after: as it is now.
  ///   - events: what is told of the attempt anyway.
  ///   - settings: of the service key.
  /// - Returns: nil when it did not fail, and when nothing is new about that.
  static func attemptFailed(
    from before: KeyRotation, to after: KeyRotation, telling events: [KeyRotationEvent], _ settings: ServiceKeySettings
  ) -> Events.Raised? {
    guard case .failed(let failure) = after.standing, after.standing != before.standing,
      // Names of keys and the platform's words differ each time.
      after.lastCause != before.lastCause
    else { return nil }
    let isTold = events.contains { event in
      switch event {
      case .failing, .refused: true
      default: false
      }
    }
    guard !isTold else { return nil }
    return Events.Raised(
      .keyAttemptFailed, message: "service key \(settings.name): \(failure.reason); \(failure.prospect)",
      fields: [
        .serviceKey: settings.name, .reason: failure.reason, .culprit: failure.culprit,
        .attempts: String(failure.tries), .nextAttempt: EventTime.text(failure.nextAttempt),
      ])
  }

  private static func failing(
    _ failure: KeyRotation.Standing.Failure, _ settings: ServiceKeySettings, _ identity: IdentityState?, _ now: Date
  ) -> Events.Raised {
    var fields: [EventField: String] = [
      .serviceKey: settings.name, .reason: failure.reason, .culprit: failure.culprit,
      .attempts: String(failure.tries), .since: EventTime.text(failure.since),
      .nextAttempt: EventTime.text(failure.nextAttempt),
    ]
    fields[.notAfter] = identity.map { EventTime.text($0.notAfter) }
    fields[.remaining] = identity.map { String(Int($0.notAfter.timeIntervalSince(now))) }
    return Events.Raised(
      .keyRenewalFailing,
      message: "service key \(settings.name) cannot be renewed\(duration(of: failure, now)): \(failure.reason)",
      fields: fields)
  }

  /// For how long it has failed, and how often it was tried in earnest; empty for a first attempt.
  private static func duration(of failure: KeyRotation.Standing.Failure, _ now: Date) -> String {
    guard failure.attempts > 1 else { return "" }
    let span = TimeText.span(now.timeIntervalSince(failure.since))
    guard failure.tries < failure.attempts else {
      return ", as has been tried for \(span), \(failure.attempts) times in a row"
    }
    let times =
      switch failure.tries {
      case 0: "nothing"
      case 1: "one attempt"
      case let count: "\(count) attempts"
      }
    return ", for \(span) now, in which \(times) went to the platform, since the login rests"
  }
}
