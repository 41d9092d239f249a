// SPDX-License-Identifier: Apache-2.0

import Certificates
import Ledger
import Rotation
import ServiceKeys
import Settings
import SystemPackage

/// What `certrotd key import` shows of a service key that it took over, or that is in force already.
struct KeyImportReport: Output.Displayable {
  let serviceKey: String
  /// `accepted`, or `unchanged` where it is in force already.
  let result: String
  /// Whether it was taken over now.
  let accepted: Bool
  /// Where the daemon reads it; nil for a service key that the platform makes.
  let path: String?
  /// Whether the file was missing there and is there again.
  let restored: Bool
  /// Where in the file the key stood; nil for one that is all of it, or in force already.
  let field: String?
  let certificate: CertificateReport?
  let issuers: [String]
  let client: String?
  let token: String?

  private enum CodingKeys: String, CodingKey {
    case result, accepted, path, restored, field, certificate, issuers, client, token
    case serviceKey = "service-key"
  }

  /// - Parameters:
  ///   - settings: the service key in the configuration.
  ///   - current: the identity that is in force already.
  ///   - fileWasMissing: whether its file was put back.
  init(_ settings: ServiceKeySettings, unchanged current: IdentityEntry?, fileWasMissing: Bool) {
    serviceKey = settings.name
    result = "unchanged"
    accepted = false
    path = settings.source.file?.string
    restored = fileWasMissing
    field = nil
    certificate = current.map { CertificateReport($0.leaf) }
    issuers = current?.issuers.map { "\($0.subject)" } ?? []
    client = current?.clientID
    token = current?.tokenURL
  }

  init(
    _ settings: ServiceKeySettings, _ leaf: Certificate, _ issuers: [Certificate], _ document: ServiceKeyDocument
  ) {
    serviceKey = settings.name
    result = "accepted"
    accepted = true
    path = settings.source.file?.string
    restored = false
    field = document.fieldPath.isEmpty ? nil : document.fieldPath
    certificate = CertificateReport(leaf)
    self.issuers = issuers.map { "\($0.subject)" }
    client = document.clientID
    token = document.tokenURL
  }

  var text: String {
    guard accepted, let certificate else {
      let place = restored ? path.map { ["its file was missing and is \($0) again"] } ?? [] : []
      return (["service key \(serviceKey) is in force already"] + place).joined(separator: "\n")
    }
    var lines = ["\(Self.finding(at: field ?? "")):", certificate.text(indent: "  ")]
    lines += issuers.enumerated().map { "  issuer \($0.offset + 1)  \($0.element)" }
    if let client { lines.append("  client    \(client)") }
    if let token { lines.append("  token     \(token)") }
    let place = path.map { " and copied to \($0)" } ?? "; the platform's own keys replace it when it is renewed"
    lines.append("service key \(serviceKey) was accepted\(place)")
    return lines.joined(separator: "\n")
  }

  /// Where in the file the key stood; one that is all of it has no path.
  static func finding(at path: String) -> String { path.isEmpty ? "found" : "found in \(path)" }
}
