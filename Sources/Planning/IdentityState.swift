// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// The identity that a source holds now.
package struct IdentityState: Sendable, Hashable {
  package var leaf: Fingerprint
  package var notBefore: Date
  /// When it stops working: its certificate's end, or that of an issuer of its chain that ends before.
  package var notAfter: Date
  /// The issuer that ends before the certificate; nil where none does.
  package var limit: Limit?
  /// For a keystore's own identity, the `IdentitySource.recipe` that it was made or read by; `nil` for a service key's.
  package var recipe: String?
  /// When it was taken over; nil where that does not matter.
  package var acceptedAt: Date?

  /// An issuer that ends before the certificate that it issued.
  package struct Limit: Sendable, Hashable {
    package var issuer: String
    /// The end of the identity's own certificate.
    package var leafNotAfter: Date

    package init(issuer: String, leafNotAfter: Date) {
      self.issuer = issuer
      self.leafNotAfter = leafNotAfter
    }
  }

  /// The end of the identity's own certificate, whatever its issuers do.
  package var leafNotAfter: Date { limit?.leafNotAfter ?? notAfter }

  /// What ends at ``notAfter``, for a sentence.
  package var whatEnds: String { limit.map { "the issuer \($0.issuer) of the identity" } ?? "the identity" }

  /// Why it is due before its certificate is, to be put behind a sentence; empty where it is not.
  var sinceLimit: String { limit == nil ? "" : ", since \(whatEnds) ends at \(TimeText.instant(notAfter))" }

  package init(
    leaf: Fingerprint, notBefore: Date, notAfter: Date, limit: Limit? = nil, recipe: String? = nil,
    acceptedAt: Date? = nil
  ) {
    self.limit = limit
    self.leaf = leaf
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.recipe = recipe
    self.acceptedAt = acceptedAt
  }
}

/// What is known of one service key.
package struct SourceState: Sendable, Equatable {
  /// Of reading the file, or of comparing the keys on the platform with those that are known.
  package var schedule: Schedule
  /// Of the attempts to renew it on the platform.
  package var renewals: Schedule
  /// The identity that was accepted last; a file that is rejected later leaves it in force.
  package var identity: IdentityState?
  /// One sentence: why the file that lies there now was not taken over; `nil` unless it was rejected.
  package var rejected: String?
  /// One sentence: why the file that lies there now is not in force yet, though nobody was told; `nil` unless its key is
  /// tried again until `verify-patience` is over.
  package var unproven: String?
  /// The replacement of a key on the platform that is under way.
  package var rotation: KeyRotation?
  /// The keys on the platform that the ledger knows.
  package var keys: [PlatformKeyState]
  /// Why a new key shall be made now, whatever its end says; nil unless somebody asked.
  package var request: String?
  /// Whether that is since the platform no longer has the key in force, which nobody was told yet.
  package var isLossToTell = false
  /// The certificate that certrotd logs in to the platform with; nil for another login, and before the first one.
  package var login: KnownCertificate?

  package init(
    schedule: Schedule = .untouched, renewals: Schedule = .untouched, identity: IdentityState? = nil,
    rejected: String? = nil, unproven: String? = nil, rotation: KeyRotation? = nil, keys: [PlatformKeyState] = [],
    login: KnownCertificate? = nil
  ) {
    self.schedule = schedule
    self.renewals = renewals
    self.identity = identity
    self.rejected = rejected
    self.unproven = unproven
    self.rotation = rotation
    self.keys = keys
    self.login = login
  }

  /// What the name of a condition begins with as long as the file is rejected.
  package static let rejection = "rejected"
  /// What it begins with as long as the platform may yet accept the key in the file.
  package static let patience = "unproven"
}
