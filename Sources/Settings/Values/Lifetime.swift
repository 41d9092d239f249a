// SPDX-License-Identifier: Apache-2.0

/// The parts of a lifetime, all in seconds.
package enum Lifetime {
  /// The length of its last part, in which failed attempts are repeated at the shortest interval.
  ///
  /// It is a tenth of the lifetime, but 24 hours at least where the lifetime is two days or more, and a quarter of a
  /// lifetime of one day or less: a tenth of a short life leaves too few attempts.
  package static func lastTenth(of lifetime: Double) -> Double {
    if lifetime <= day { return lifetime / 4 }
    // Between the two rules: neither less than a tenth nor less than the quarter of a one-day lifetime.
    return max(lifetime / 10, lifetime < 2 * day ? day / 4 : day)
  }

  /// How long before its end something is renewed.
  ///
  /// A duration of nearly the whole lifetime would make every new identity due at once, for ever, since certificates
  /// are dated back a little; beyond nine tenths, the most that a percentage may be, a third of the lifetime is used.
  package static func margin(of lifetime: Double, _ renewBefore: RenewBefore) -> Double {
    switch renewBefore {
    case .fraction(let fraction): lifetime * (fraction > 0 && fraction < 1 ? fraction : fallback)
    case .duration(let duration):
      duration / .seconds(1) <= lifetime * longest ? max(0, duration / .seconds(1)) : lifetime * fallback
    }
  }

  /// The part of a lifetime that is used when the configured one cannot be.
  private static let fallback = 0.33
  /// The largest part of a lifetime that may be left when something is renewed.
  private static let longest = 0.9
  private static let day: Double = 86_400
}
