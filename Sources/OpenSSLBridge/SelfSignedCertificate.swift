// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// Certificates that an identity of certrotd signs for itself.
package enum SelfSignedCertificate {
  /// Makes an X.509 version 3 certificate for `key`, signed with SHA-256.
  ///
  /// It is an end entity's (basic constraints critical, CA false; key usage digital signature and, for RSA, key
  /// encipherment), so that whoever trusts it trusts this key alone and nothing that it could sign. It has no extended
  /// key usage: a PSE serves as a client's and as a server's. Subject and authority key identifier are the SHA-1 of the
  /// key (RFC 5280, section 4.2.1.2, method 1). The serial number has 127 random bits.
  ///
  /// - Parameters:
  ///   - key: The private key, whose public half is certified.
  ///   - subject: Becomes subject and issuer.
  ///   - notBefore: Begin of validity; fractions of a second are cut off.
  ///   - notAfter: End of validity, inclusive; after `notBefore`.
  /// - Returns: The certificate.
  /// - Throws: `OpenSSLError` when OpenSSL cannot sign with this key or cannot express a time.
  package static func make(
    key: PrivateKey, subject: DistinguishedName, notBefore: Date, notAfter: Date
  ) throws(OpenSSLError) -> Certificate {
    var template = CertificateTemplate(subject: subject, notBefore: notBefore, notAfter: notAfter)
    var keyUsage = "critical,digitalSignature"
    if case .rsa = key.kind { keyUsage += ",keyEncipherment" }
    template.extensions = [
      .init("basicConstraints", "critical,CA:FALSE"), .init("keyUsage", keyUsage),
      .init("subjectKeyIdentifier", "hash"), .init("authorityKeyIdentifier", "keyid:always"),
    ]
    return try template.certify(key, signedBy: key)
  }

  /// Seconds by which a new certificate starts in the past: a consumer whose clock is behind ours would refuse one that has
  /// only just begun.
  package static let backdating: TimeInterval = 3600
}
