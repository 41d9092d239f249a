// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// The time from which an identity is renewed.
package enum RenewalPoint {
  /// The end of validity less `renewBefore`.
  ///
  /// A duration that is as long as the whole lifetime would make every new identity due at once, for ever; then a third of
  /// the lifetime is used instead.
  package static func due(notBefore: Date, notAfter: Date, renewBefore: RenewBefore) -> Date {
    let lifetime = max(0, notAfter.timeIntervalSince(notBefore))
    let margin: Double =
      switch renewBefore {
      case .fraction(let fraction): lifetime * (fraction > 0 && fraction < 1 ? fraction : fallback)
      case .duration(let duration):
        Cadence.seconds(duration) < lifetime ? max(0, Cadence.seconds(duration)) : lifetime * fallback
      }
    return notAfter.addingTimeInterval(-margin)
  }

  /// The part of a lifetime that is used when the configured one cannot be.
  private static let fallback = 0.33
}
