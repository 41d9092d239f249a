// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import OpenSSLBridge
import Planning

/// One certificate, as people recognise it and as programs compare it.
struct CertificateReport: Encodable, Sendable {
  let subject: String
  let issuer: String
  let serialNumber: String
  let notBefore: Date
  let notAfter: Date
  let key: String
  /// Nil for one without its signature, whose digest is nobody's fingerprint.
  let sha256: String?
  let alternativeNames: [String]

  private enum CodingKeys: String, CodingKey {
    case subject, issuer, key, sha256
    case serialNumber = "serial-number"
    case notBefore = "not-before"
    case notAfter = "not-after"
    case alternativeNames = "alternative-names"
  }

  init(_ certificate: Certificate) {
    subject = certificate.subject.description
    issuer = certificate.issuer.description
    serialNumber = certificate.serialNumber.description
    notBefore = certificate.validity.notBefore
    notAfter = certificate.validity.notAfter
    key = certificate.publicKey.kind.description
    sha256 = certificate.fingerprint.description
    alternativeNames = certificate.extensions.subjectAlternativeNames.map(\.description)
  }

  init(_ certificate: UnsignedCertificate) {
    subject = certificate.subject.description
    issuer = certificate.issuer.description
    serialNumber = certificate.serialNumber.description
    notBefore = certificate.validity.notBefore
    notAfter = certificate.validity.notAfter
    key = certificate.publicKey.kind.description
    sha256 = nil
    alternativeNames = certificate.extensions.subjectAlternativeNames.map(\.description)
  }

  /// Lines, each after `indent`.
  func text(indent: String) -> String {
    var lines = [
      "subject   \(subject)", "issuer    \(issuer)", "serial    \(serialNumber)",
      "valid     \(TimeText.instant(notBefore)) to \(TimeText.instant(notAfter))", "key       \(key)",
      sha256.map { "sha256    \($0)" } ?? "unsigned  stored without its signature by an older writer",
    ]
    if !alternativeNames.isEmpty { lines.append("names     \(alternativeNames.joined(separator: ", "))") }
    return lines.map { indent + $0 }.joined(separator: "\n")
  }
}
