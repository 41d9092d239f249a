// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
package import OpenSSLBridge

/// Everything about a test certificate that a test may want to be odd.
package struct TestCertificateOptions {
  /// Basic constraints of an authority.
  package struct Authority: Sendable {
    package var pathLength: Int?

    package init(pathLength: Int?) { self.pathLength = pathLength }
  }

  package enum Purpose: String, Sendable {
    case server = "serverAuth"
    case client = "clientAuth"
    case codeSigning
  }

  package enum KeyKind: Hashable, Sendable {
    case ellipticCurve
    /// From a cache: the same number of bits and the same index give the same key.
    case rsa(bits: Int, index: Int = 0)
  }

  package var subject: String
  /// A name other than that of the certificate that issues.
  package var issuer: String?
  package var dnsNames: [String] = []
  /// IP addresses in text form.
  package var addresses: [String] = []
  package var notBefore = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down) - 86_400)
  package var notAfter: Date
  /// Nil for an end entity, whose basic constraints then say CA:FALSE.
  package var authority: Authority?
  /// Whether there are basic constraints at all.
  package var hasBasicConstraints = true
  /// Extended key usage; none means no extension.
  package var purposes: [Purpose] = []
  package var keyKind = KeyKind.ellipticCurve
  /// Used instead of a new key, for renewed and cross-signed certificates.
  package var key: PrivateKey?
  /// Authority information access: where the issuer's certificate can be fetched.
  package var issuerLocations: [String] = []
  /// More extensions, in OpenSSL's words, such as `1.2.3` and `DER:0500` (x509v3_config(5)).
  package var oddExtensions: [CertificateTemplate.Extension] = []
  /// OpenSSL's name of the digest to sign with.
  package var digest = "SHA2-256"
  package var signatureIsWrong = false
  /// Whether there are subject and authority key identifiers.
  package var hasKeyIdentifiers = true
  /// Positive, most significant byte first; random when nil.
  package var serialNumber: [UInt8]?

  package init(subject: String) {
    self.subject = subject
    notAfter = notBefore + 90 * 86_400
  }

  func certify(_ key: PrivateKey, signedBy issuerKey: PrivateKey, issuer issuing: Certificate?) throws -> Certificate {
    var template = CertificateTemplate(
      subject: try DistinguishedName(parsing: subject), notBefore: notBefore, notAfter: notAfter)
    template.issuer = try issuer.map { try DistinguishedName(parsing: $0) } ?? issuing?.subject
    template.serialNumber = serialNumber
    template.digest = digest
    template.extensions = extensions
    let certificate = try template.certify(key, signedBy: issuerKey, of: issuing)
    guard signatureIsWrong else { return certificate }
    // The last byte belongs to the signature's value: the structure stays whole.
    var bytes = certificate.derBytes
    bytes[bytes.count - 1] ^= 1
    return try Certificate(derEncoded: bytes)
  }

  private var extensions: [CertificateTemplate.Extension] {
    var extensions: [CertificateTemplate.Extension] = []
    if let authority {
      let pathLength = authority.pathLength.map { ",pathlen:\($0)" } ?? ""
      if hasBasicConstraints { extensions.append(.init("basicConstraints", "critical,CA:TRUE" + pathLength)) }
      extensions.append(.init("keyUsage", "critical,keyCertSign,cRLSign"))
    } else if hasBasicConstraints {
      extensions.append(.init("basicConstraints", "critical,CA:FALSE"))
    }
    if !purposes.isEmpty {
      extensions.append(.init("extendedKeyUsage", purposes.map(\.rawValue).joined(separator: ",")))
    }
    let names = dnsNames.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
    if !names.isEmpty { extensions.append(.init("subjectAltName", names.joined(separator: ","))) }
    if !issuerLocations.isEmpty {
      let locations = issuerLocations.map { "caIssuers;URI:\($0)" }
      extensions.append(.init("authorityInfoAccess", locations.joined(separator: ",")))
    }
    extensions += oddExtensions
    if hasKeyIdentifiers {
      extensions.append(.init("subjectKeyIdentifier", "hash"))
      extensions.append(.init("authorityKeyIdentifier", "keyid"))
    }
    return extensions
  }
}
