// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// Whom a keystore trusts now, and what has to be remembered so that the next decision is right.
package struct TrustDecision: Sendable, Equatable {
  /// What the trust list is to hold: nothing in it has expired.
  package var wanted: [Fingerprint: KnownCertificate]
  /// What the latest verified paths and the bundles ask for, expired or not.
  package var needed: [Fingerprint: KnownCertificate]
  /// The subset of `needed` that a path asks for.
  package var neededByPaths: Set<Fingerprint>
  /// Listed endpoints that never verified.
  package var unverified: [String]
  /// Bundles whose content is not known.
  package var unreadBundles: [String]
  /// The members as the ledger is to keep them from now on; store them if they differ from what it has.
  package var members: [TrustMember]
  /// When the decision changes by itself.
  package var nextChange: Date?

  /// When members leave that nothing needs any more; those of which nobody can tell are missing.
  package var departures: [Fingerprint: Date] = [:]
}
