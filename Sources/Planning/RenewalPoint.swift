// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// The time from which an identity is renewed.
package enum RenewalPoint {
  /// The end of validity less `renewBefore`; `Lifetime.margin(of:_:)` says how long that is.
  package static func due(notBefore: Date, notAfter: Date, renewBefore: RenewBefore) -> Date {
    let lifetime = max(0, notAfter.timeIntervalSince(notBefore))
    return notAfter.addingTimeInterval(-Lifetime.margin(of: lifetime, renewBefore))
  }
}
