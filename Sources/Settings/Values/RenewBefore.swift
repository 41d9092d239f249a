// SPDX-License-Identifier: Apache-2.0

/// How long before its end something is renewed; `RenewalPoint` of Planning makes a time of it.
package enum RenewBefore: Sendable, Hashable {
  /// This part of the whole lifetime, between 0.01 and 0.90.
  case fraction(Double)
  /// This long, whatever the lifetime is.
  case duration(Duration)
}

extension RenewBefore: CustomStringConvertible {
  /// As it is written in a configuration file: `33%`, `30d`.
  package var description: String {
    switch self {
    case .fraction(let fraction): "\(Int((fraction * 100).rounded()))%"
    case .duration(let duration): DurationText.describe(duration)
    }
  }
}
