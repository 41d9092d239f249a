// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import PSEFormat

/// Good inputs of each reader, made by certrotd itself, to be damaged.
package struct FuzzSeeds {
  private let identity: Identity
  private let now: Date

  /// Makes a key and a certificate.
  ///
  /// - Parameter now: The time in what is made.
  /// - Throws: `OpenSSLError`, `CertificateError` or `PrivateKeyError`, none of which an input can cause.
  package init(now: Date) throws {
    self.now = now
    let key = try PrivateKey.generateRSA(bits: 2048)
    let certificate = try SelfSignedCertificate.make(
      key: key, subject: try DistinguishedName(parsing: "CN=seed.example, O=TS, C=DE"), notBefore: now,
      notAfter: now.addingTimeInterval(86_400))
    identity = Identity(certificate: certificate, key: key, issuers: [])
  }

  /// Inputs that the target's reader takes.
  ///
  /// - Parameters:
  ///   - target: the reader.
  ///   - example: the text of a configuration, for the one reader that nothing here makes an input of.
  /// - Returns: one input or more.
  /// - Throws: what making them throws.
  package func inputs(for target: FuzzTarget, example: [UInt8] = []) throws -> [[UInt8]] {
    switch target {
    case .pse: return try pse()
    case .pem: return try [[certificate], [key], [certificate, key, certificate]].map { $0.reduce([], +) }
    case .serviceKey: return try serviceKeys()
    case .configuration: return [example, Array("endpoints: {a: {url: a.example}}\n".utf8)]
    }
  }

  private func pse() throws -> [[UInt8]] {
    var files: [[UInt8]] = []
    let own = try identity.key.rsaPrimes()
    for identity in [nil, identity] {
      let content = try PSEContent.make(
        identity: identity.map { identity in
          try PSEIdentity(
            primes: PSEPrimes(own.p.copyBytes(), own.q.copyBytes()), certificate: identity.certificate, issuers: [])
        }, trust: [self.identity.certificate],
        // One round, since a damaged file is not to cost ten thousand of them each time.
        derivation: PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8], iterations: 1), created: now)
      for version in PSEVersion.allCases {
        for pin in [nil, SecretBytes(copying: "1234".utf8)] {
          files.append(try PSEDocument.encoded(content, version: version, pin: pin).copyBytes())
        }
      }
    }
    return files
  }

  private var certificate: [UInt8] { Array(PEMBlock(identity.certificate).text.utf8) }

  private var key: [UInt8] {
    get throws { try identity.key.pem(.pkcs8).copyBytes() }
  }

  private func serviceKeys() throws -> [[UInt8]] {
    func escaped(_ text: [UInt8]) -> String {
      String(decoding: text, as: UTF8.self).split(separator: "\n").joined(separator: "\\n")
    }
    let (certificate, key) = (escaped(certificate), escaped(try key))
    let members = "\"clientid\": \"sb-1\", \"certificate\": \"\(certificate)\", \"key\": \"\(key)\""
    return [
      "{\(members), \"certurl\": \"https://a.authentication.cert.eu10.hana.ondemand.com\"}",
      "{\"credentials\": {\"uaa\": {\(members)}}}",
      "{\"oauth\": {\(members), \"tokenurl\": \"https://a.example/token\"}}",
      "Getting key k for service instance i as u...\n\n{\"credentials\": {\(members)}}\n",
      "{\"VCAP_SERVICES\": {\"xsuaa\": [{\"credentials\": {\(members)}}]}}",
    ].map { Array($0.utf8) }
  }
}
