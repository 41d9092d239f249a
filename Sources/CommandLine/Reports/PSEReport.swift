// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import PSEFormat
import Planning

/// What `certrotd pse show` shows; the private key itself never.
struct PSEReport: Output.Displayable {
  struct Object: Encodable {
    let name: String
    let type: String
    let created: Date
  }

  let version: Int
  let created: Date
  let objects: [Object]
  let key: String?
  let certificate: CertificateReport?
  let issuers: [CertificateReport]
  let trustList: [CertificateReport]
  /// Entries of the trust list that older writers stored without their signature.
  let unsignedTrust: Int

  private enum CodingKeys: String, CodingKey {
    case version, created, objects, key, certificate, issuers
    case trustList = "trust-list"
    case unsignedTrust = "unsigned-trust"
  }

  init(_ file: PSEFile) throws(PSEError) {
    let content = try file.content()
    version = file.version
    created = content.created
    objects = content.objects.map { object in
      Object(name: object.name, type: String(describing: object.type), created: object.created)
    }
    key = content.holdsPrivateKey ? content.certificate?.publicKey.kind.description ?? "RSA" : nil
    certificate = content.certificate.map { CertificateReport($0) }
    issuers = content.issuers.map { CertificateReport($0) }
    trustList = PSETrustList.certificates(in: content.trust).map { CertificateReport($0) }
    unsignedTrust = content.trust.count - trustList.count
  }

  var text: String {
    var lines = ["PSE version \(version), made \(TimeText.instant(created)), no PIN", "objects"]
    lines += objects.map { "  \($0.name)  \($0.type)  \(TimeText.instant($0.created))" }
    if let certificate {
      lines += ["own certificate", certificate.text(indent: "  ")]
      lines.append("private key: \(key ?? "none")")
    } else {
      lines.append("no own certificate, no private key")
    }
    for (index, issuer) in issuers.enumerated() {
      lines += ["issuer \(index + 1)", issuer.text(indent: "  ")]
    }
    lines.append("trust list: \(trustList.count) certificates")
    for (index, trusted) in trustList.enumerated() {
      let text = trusted.text(indent: "     ")
      lines.append("  \(index + 1)  " + text.dropFirst(5))
    }
    if unsignedTrust > 0 {
      lines.append("  and \(unsignedTrust) that an older writer stored without their signature")
    }
    return lines.joined(separator: "\n")
  }
}
