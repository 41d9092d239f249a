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
  /// Whether the key is that of the own certificate; nil where one of them is missing or the key of a kind that is only kept.
  let keyFits: Bool?
  let certificate: CertificateReport?
  let issuers: [CertificateReport]
  let trustList: [TrustListReport.Entry]
  private let trustText: String
  /// Entries of the trust list that older writers stored without their signature.
  let unsignedTrust: Int

  private enum CodingKeys: String, CodingKey {
    case version, created, objects, key, certificate, issuers
    case keyFits = "key-fits"
    case pinProtected = "pin-protected"
    case trustList = "trust-list"
    case unsignedTrust = "unsigned-trust"
  }

  /// - Throws: `KeystoreError` when OpenSSL fails on the key.
  init(_ document: PSEDocument) throws {
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
    (key, keyFits) =
      switch try document.keyState() {
      case .none: (nil, nil)
      case .rsa(let bits, let fits): ("RSA \(bits)", fits)
      case .other(let algorithm): (algorithm, nil)
      }
    certificate = content.certificate.map { CertificateReport($0) }
    issuers = content.issuers.map { CertificateReport($0) }
    let trust = TrustListReport(content.trust)
    (trustList, trustText) = (trust.entries, trust.text)
    unsignedTrust = content.trust.count - PSETrustList.certificates(in: content.trust).count
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
    lines.append("private key: \(key ?? "none")\(keyFits == false ? ", which is not that of the own certificate" : "")")
    for (index, issuer) in issuers.enumerated() {
      lines += ["issuer \(index + 1)", issuer.text(indent: "  ")]
    }
    return (lines + [trustText]).joined(separator: "\n")
  }
}
