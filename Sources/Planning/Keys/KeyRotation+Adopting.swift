// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A renewal that gives way to a key that an operator chose.
extension KeyRotation {
  /// Why it does not give way to another key; nil where it may.
  ///
  /// One that owns nothing on the platform gives way, however long it waits for its next attempt. Whether a request without
  /// an answer came to something, the list tells as it does when the key is looked for, once the platform had time to list it.
  ///
  /// - Parameters:
  ///   - listed: the names of the keys that the platform has, as it lists them now.
  ///   - now: the wall clock.
  /// - Returns: one sentence without its full stop, which ends with when it goes on.
  package func reasonToGoOn(listed: Set<String>, now: Date) -> String? {
    let why: String
    switch state {
    case .due, .reserved, .delivered, .deleting, .done, .abandoned: return nil
    case .clearing(let guid, _): why = "the key \(guid) is being deleted to make room for a new one"
    case .requesting(let name) where listed.contains(name):
      why = "the platform has a key \(name), and whether it is the one that was asked for is found out first"
    case .requesting(let name) where now.timeIntervalSince(since) < Self.secondsToBeListed:
      why = "whether the platform makes the key \(name) is not known yet"
    case .requesting: return nil
    case .following(let name, _, _): why = "the platform makes the key \(name)"
    case .created(let key), .reading(let key), .held(let key), .examined(let key, _), .verified(let key, _):
      why = "the key \(key.name) is on the platform and is about to be put in force"
    }
    var cause = ""
    if case .failed(let failure) = standing { cause = ": \(failure.reason)" }
    let when = nextAttempt.flatMap { $0 > now ? "at \(TimeText.instant($0))" : nil } ?? "now"
    return "\(why)\(cause); it goes on \(when)"
  }

  /// The same with a key that an operator chose in place of one that it would make.
  ///
  /// What is known of the key before stays known. If the chosen key is refused, it goes on with making one, as patiently as
  /// the keys that failed before ask for.
  ///
  /// - Parameters:
  ///   - key: it is on the platform already.
  ///   - known: what the ledger knows of it; nil where it knows nothing.
  ///   - mayEndEarlier: even though it ends no later than the one in force.
  ///   - now: the wall clock.
  /// - Returns: a rotation whose next step reads the key.
  package func givingWay(
    to key: NewKey, known: PlatformKeyState?, mayEndEarlier: Bool, now: Date
  ) -> KeyRotation {
    var rotation = KeyRotation.adopting(
      key, known: known, predecessor: predecessor, mayEndEarlier: mayEndEarlier, now: now)
    rotation.isInPlaceOfMaking = true
    rotation.dueAt = dueAt
    rotation.attempts = attempts
    rotation.failingSince = failingSince
    rotation.isPredecessorGone = isPredecessorGone
    rotation.predecessorGoneAt = predecessorGoneAt
    rotation.hasDeletedPredecessor = hasDeletedPredecessor
    rotation.discarded = discarded.subtracting([key.guid])
    return rotation
  }

  /// How old a request without an answer is when the platform surely lists what came of it.
  private static let secondsToBeListed: TimeInterval = 60
}
