// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

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

  /// How far it is, for an operator: one sentence.
  package var account: String {
    let stage = "a new key is made on the platform; so far: \(phase)"
    return obstacle.map { "\(stage); \($0)" } ?? stage
  }
}
