// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension KeyRotation.Standing.Failure {
  /// What failed, and why it is tried again no earlier than it is: a sentence that goes on.
  package var account: String {
    if let restsUntil, restsUntil > next { return "\(reason); \(prospect)" }
    return switch delay {
    case .platform: "the platform asks to be left alone for that long: \(reason)"
    case .keys: "\(attempts) keys in a row were of no use, and no other one is made for some hours: \(reason)"
    case nil:
      "it pauses after \(attempts == 1 ? "a failed attempt" : "\(attempts) failed attempts in a row"): \(reason)"
    }
  }
}

extension KeyRotation {
  /// When the platform is asked again, as far as nobody does anything about it; nil when its next step is due.
  package var nextAttempt: Date? {
    if case .failed(let failure) = standing { return failure.nextAttempt }
    return waitsUntil
  }

  /// Why it waits or what stands in its way; nil when its next step is due.
  package var obstacle: String? {
    switch standing {
    case .ready: nil
    case .waiting(_, let reason): reason
    case .failed(let failure): failure.restsUntil == nil ? failure.reason : "\(failure.reason); \(failure.prospect)"
    }
  }

  /// How far it is, what is in its way, and why the next attempt is no earlier, for an operator: one sentence.
  package var account: String {
    let stage = "a new key is made on the platform; so far: \(phase)"
    guard case .failed(let failure) = standing else { return obstacle.map { "\(stage); \($0)" } ?? stage }
    return "\(stage); \(failure.account)"
  }
}
