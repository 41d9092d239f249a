// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Keystores
import PSEFormat
import Planning

/// What `certrotd pse show` shows; the private key itself never.
struct PSEReport: Output.Displayable {
  struct Object: Encodable {
    let name: String
    let type: String
    let created: Date
    /// Whether certrotd knows what it is; it is kept in any case.
    let understood: Bool
  }

  let version: Int
  let pinProtected: Bool
  let created: Date
  let objects: [Object]
  let key: String?
  let certificate: CertificateReport?
  let issuers: [CertificateReport]
  let trustList: [TrustListReport.Entry]
  /// Entries of the trust list that older writers stored without their signature.
  let unsignedTrust: Int

  private enum CodingKeys: String, CodingKey {
    case version, created, objects, key, certificate, issuers
    case pinProtected = "pin-protected"
    case trustList = "trust-list"
    case unsignedTrust = "unsigned-trust"
  }

  init(_ document: PSEDocument) {
    let content = document.content
    version = document.version.rawValue
    pinProtected = document.isPINProtected
    created = content.created
    let unknown = Set(content.unknownObjects)
    objects = content.objects.map { object in
      Object(
        name: object.name, type: String(describing: object.type), created: object.created,
        understood: !unknown.contains(object))
    }
    key = Self.kind(of: content)
    certificate = content.certificate.map { CertificateReport($0) }
    issuers = content.issuers.map { CertificateReport($0) }
    trustList = TrustListReport(content.trust).entries
    unsignedTrust = content.trust.count - PSETrustList.certificates(in: content.trust).count
  }

  /// The algorithm and, as a PSE stores no more than two primes of it, the length that the certificate says.
  private static func kind(of content: PSEContent) -> String? {
    guard let key = content.privateKey else { return nil }
    guard case .rsa = key else { return String(describing: key) }
    return content.certificate?.publicKey.kind.description ?? "RSA"
  }

  var text: String {
    var lines = [
      "PSE version \(version), made \(TimeText.instant(created)), \(pinProtected ? "protected by a PIN" : "no PIN")",
      "objects",
    ]
    lines += objects.map { object in
      "  \(object.name)  \(object.type)  \(TimeText.instant(object.created))"
        + (object.understood ? "" : "  (unknown, kept as it is)")
    }
    if let certificate {
      lines += ["own certificate", certificate.text(indent: "  ")]
    } else {
      lines.append("no own certificate")
    }
    lines.append("private key: \(key ?? "none")")
    for (index, issuer) in issuers.enumerated() {
      lines += ["issuer \(index + 1)", issuer.text(indent: "  ")]
    }
    lines.append("trust list: \(trustList.count) certificate\(trustList.count == 1 ? "" : "s")")
    return (lines + trustList.map(\.text)).joined(separator: "\n")
  }
}
