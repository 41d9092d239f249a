// SPDX-License-Identifier: Apache-2.0

/// How long before its end something is renewed.
package enum RenewBefore: Sendable, Hashable {
  /// This part of the whole lifetime, between 0.01 and 0.90.
  case fraction(Double)
  /// This long, whatever the lifetime is.
  case duration(Duration)

  /// How long before the end the renewal is due.
  ///
  /// - Parameter lifetime: from the start to the end of the certificate's validity.
  /// - Returns: never more than nine tenths of the lifetime, so that a certificate that lives shorter than the
  ///   configured duration is not due from its first second on.
  package func leadTime(ofLifetime lifetime: Duration) -> Duration {
    switch self {
    case .fraction(let fraction): Self.part(fraction, of: lifetime)
    case .duration(let duration): min(duration, Self.part(Self.largestFraction, of: lifetime))
    }
  }

  /// In whole seconds, so that equal settings give equal times.
  private static func part(_ fraction: Double, of lifetime: Duration) -> Duration {
    .seconds((Double(lifetime.components.seconds) * fraction).rounded())
  }

  package static let largestFraction = 0.9
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
