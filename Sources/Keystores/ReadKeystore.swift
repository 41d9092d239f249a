// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import OpenSSLBridge
package import PSEFormat

/// What was found in the files of a keystore.
///
/// Unlike a ``KeystoreContent`` it may be incomplete: a PEM file of a key holds nothing else.
package struct ReadKeystore: Sendable {
  /// What the files that were read have room for; the rest says nothing.
  package private(set) var parts: FileFormat.Parts
  package private(set) var key: PrivateKey?
  package private(set) var certificate: Certificate?
  /// As found, the root among them.
  package private(set) var issuers: [Certificate]
  /// As found.
  package private(set) var trust: [Certificate]
  /// Of a PSE: what certrotd does not understand.
  package private(set) var kept: PSEKeptObjects

  package init(
    parts: FileFormat.Parts, key: PrivateKey? = nil, certificate: Certificate? = nil, issuers: [Certificate] = [],
    trust: [Certificate] = [], kept: PSEKeptObjects = .none
  ) {
    self.kept = kept
    self.parts = parts
    self.key = key
    self.certificate = certificate
    self.issuers = issuers
    self.trust = trust
  }

  /// What both hold together, such as the certificate and the key of two PEM files; where both have something, this one's.
  package func merging(_ other: ReadKeystore) -> ReadKeystore {
    ReadKeystore(
      parts: parts.union(other.parts), key: key ?? other.key, certificate: certificate ?? other.certificate,
      issuers: parts.contains(.certificate) ? issuers : other.issuers,
      trust: parts.contains(.trust) ? trust : other.trust, kept: kept.isEmpty ? other.kept : kept)
  }

  /// The content as it would be written anew; without an identity unless both key and certificate were found.
  package var content: KeystoreContent {
    var identity: Identity?
    if let key, let certificate {
      identity = Identity(certificate: certificate, key: key, issuers: issuers)
    }
    return KeystoreContent(identity: identity, trust: trust, kept: kept)
  }
}
