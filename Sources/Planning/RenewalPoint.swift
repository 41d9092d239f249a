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

  /// The same for what is known of an identity, by which everybody goes: planning, status, forecast and commands.
  ///
  /// Where an issuer ends before the certificate, its end counts, and a new key helps only if the platform has another
  /// issuer by then. So one is made when the identity is due by that end, another at the beginning of its last tenth and
  /// one at the end itself, unless the identity came after that, rather than one after the other.
  package static func due(_ identity: IdentityState, renewBefore: RenewBefore, now: Date) -> Date {
    let byLeaf = due(
      notBefore: identity.notBefore, notAfter: identity.leafNotAfter, acceptedAt: identity.acceptedAt,
      renewBefore: renewBefore, now: now)
    guard identity.limit != nil else { return byLeaf }
    // Of the certificate's own lifetime, which is that of the next one, too: else each would be due earlier than the last.
    let lifetime = max(0, identity.leafNotAfter.timeIntervalSince(identity.notBefore))
    let byIssuer = [Lifetime.margin(of: lifetime, renewBefore), Lifetime.lastTenth(of: lifetime), 0].map {
      identity.notAfter.addingTimeInterval(-$0)
    }.first { point in identity.acceptedAt.map { $0 < point } ?? true }
    return min(byLeaf, byIssuer ?? byLeaf)
  }

  /// The same for an identity that is made on a platform, but never at once after it was taken over.
  ///
  /// Where the clocks of host and platform are days apart, a new identity may be due as soon as it is there, and so would
  /// be the next. It has a tenth of what was left of its life, an hour at least where that is no more than a quarter.
  package static func due(
    notBefore: Date, notAfter: Date, acceptedAt: Date?, renewBefore: RenewBefore, now: Date
  ) -> Date {
    let due = due(notBefore: notBefore, notAfter: notAfter, renewBefore: renewBefore)
    // A time that is still to come was written by a clock that ran ahead.
    guard let acceptedAt, acceptedAt <= now else { return due }
    let left = max(0, notAfter.timeIntervalSince(acceptedAt))
    return max(due, acceptedAt.addingTimeInterval(max(left / 10, min(3600, left / 4))))
  }
}
