// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The last part of a lifetime, in which failed attempts are repeated at the shortest interval.
package enum LastTenth {
  /// When that part begins.
  ///
  /// It is a tenth of the lifetime, but 24 hours at least where the lifetime is two days or more, and a quarter of a
  /// lifetime of one day or less: a tenth of a short life leaves too few attempts.
  package static func start(notBefore: Date, notAfter: Date) -> Date {
    let lifetime = max(0, notAfter.timeIntervalSince(notBefore))
    let length: Double =
      if lifetime <= day {
        lifetime / 4
      } else if lifetime < 2 * day {
        // Between the two rules: neither less than a tenth nor less than the quarter of a one-day lifetime.
        max(lifetime / 10, day / 4)
      } else {
        max(lifetime / 10, day)
      }
    return notAfter.addingTimeInterval(-length)
  }

  private static let day: Double = 86_400
}
