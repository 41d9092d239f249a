// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge

/// The certification authorities of the world: some roots, whose issuing authorities follow one another.
struct Authorities: Sendable {
  /// One issuing authority.
  struct Issuer: Sendable {
    let certificate: Certificate
    let key: PrivateKey
    let root: Certificate
  }

  private let issuers: [[Issuer]]
  private let start: Date
  let roots: [Certificate]
  /// Servers and clients may all have the same key pair: nobody here looks at more than the certificate.
  private let leafKey: PrivateKey

  init(_ scenario: Scenario) throws {
    let start = scenario.start
    leafKey = try PrivateKey.generateEllipticCurve()
    var issuers: [[Issuer]] = []
    var roots: [Certificate] = []
    for number in 0..<Self.count {
      let key = try PrivateKey.generateEllipticCurve()
      let name = try DistinguishedName(parsing: "CN=Root \(number), O=Simulated")
      var template = CertificateTemplate(
        subject: name, notBefore: start - 5 * Scenario.year, notAfter: scenario.end + 10 * Scenario.year)
      template.extensions = Self.authority
      let root = try template.certify(key, signedBy: key)
      roots.append(root)
      let generations = Int(scenario.years / Self.succession) + 2
      issuers.append(
        try (0..<generations).map { generation in
          let issuerKey = try PrivateKey.generateEllipticCurve()
          let begin = start + (Double(generation - 1) * Self.succession) * Scenario.year
          var template = CertificateTemplate(
            subject: try DistinguishedName(parsing: "CN=Issuing \(number).\(generation), O=Simulated"),
            notBefore: begin, notAfter: begin + Self.issuerLifetime * Scenario.year)
          template.issuer = name
          template.extensions = Self.authority + [.init("authorityKeyIdentifier", "keyid")]
          return Issuer(
            certificate: try template.certify(issuerKey, signedBy: key, of: root), key: issuerKey, root: root)
        })
    }
    (self.issuers, self.roots, self.start) = (issuers, roots, start)
  }

  /// Who issues for `authority` at `time`.
  func issuer(_ authority: Int, at time: Date) -> Issuer {
    let generation = Int(time.timeIntervalSince(start) / Scenario.year / Self.succession) + 1
    return issuers[authority][min(max(generation, 0), issuers[authority].count - 1)]
  }

  /// A certificate for a server or a client, and its key.
  func issue(
    _ name: String, isServer: Bool, by authority: Int, from begin: Date, to end: Date
  ) throws -> (certificate: Certificate, key: PrivateKey, issuer: Issuer) {
    let issuer = issuer(authority, at: begin)
    var template = CertificateTemplate(
      subject: try DistinguishedName(parsing: "CN=\(name)"), notBefore: begin, notAfter: end)
    template.issuer = issuer.certificate.subject
    template.extensions = [
      .init("basicConstraints", "critical,CA:FALSE"), .init("authorityKeyIdentifier", "keyid"),
      .init("extendedKeyUsage", isServer ? "serverAuth" : "clientAuth"),
    ]
    if isServer { template.extensions.append(.init("subjectAltName", "DNS:\(name)")) }
    let certificate = try template.certify(leafKey, signedBy: issuer.key, of: issuer.certificate)
    return (certificate, leafKey, issuer)
  }

  static let count = 8
  /// Years after which another issuing authority takes over; it signs to its end what it has begun.
  private static let succession = 2.5
  private static let issuerLifetime = 5.0
  private static let authority: [CertificateTemplate.Extension] = [
    .init("basicConstraints", "critical,CA:TRUE"), .init("keyUsage", "critical,keyCertSign,cRLSign"),
    .init("subjectKeyIdentifier", "hash"),
  ]
}
