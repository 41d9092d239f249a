// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Keystores
import OpenSSLBridge
import TestSupport

/// 2026-02-28 23:59:58 UTC, a whole second as the formats store them.
let aTime = Date(timeIntervalSince1970: 1_772_323_198)

let day: TimeInterval = 86_400

/// Two authorities and the identities below one of them, shared by the tests.
struct Landscape: Sendable {
  /// Issues our client certificates.
  let own: TestIdentity
  /// Issues the certificates of servers that are to be trusted.
  let foreign: TestIdentity
  let key: PrivateKey
  let otherKey: PrivateKey
  let leaf: Certificate
  let selfSigned: Certificate

  static let shared = Result { try Landscape() }

  private init() throws {
    own = try Self.authority("Own")
    foreign = try Self.authority("Foreign")
    let key = try TestKeys.make(.rsa(bits: 2048))
    self.key = key
    otherKey = try TestKeys.make(.rsa(bits: 2048, index: 1))
    leaf = try own.issue("CN=client.example, O=TS, C=DE") { options in
      options.key = key
      options.purposes = [.client]
      (options.notBefore, options.notAfter) = (aTime - day, aTime + day)
    }.certificate
    selfSigned = try SelfSignedCertificate.make(
      key: key, subject: DistinguishedName(parsing: "CN=host.example, O=TS, C=DE"), notBefore: aTime - day,
      notAfter: aTime + 10 * day)
  }

  private static func authority(_ name: String) throws -> TestIdentity {
    let root = try TestCA.root("CN=\(name) Root, O=TS, C=DE") { options in
      (options.notBefore, options.notAfter) = (aTime - 100 * day, aTime + 1000 * day)
    }
    return try root.intermediate("CN=\(name) Issuer, O=TS, C=DE") { options in
      (options.notBefore, options.notAfter) = (aTime - 50 * day, aTime + 500 * day)
    }
  }

  var issuedIdentity: Identity { Identity(certificate: leaf, key: key, issuers: [own.root, own.certificate]) }

  var selfSignedIdentity: Identity { Identity(certificate: selfSigned, key: key, issuers: []) }

  /// What a server with this name sends: its certificate and the issuer, without the root.
  func serverChain(_ name: String, until notAfter: Date = aTime + day) throws -> [Certificate] {
    try foreign.leaf(dns: name) { options in
      (options.notBefore, options.notAfter) = (aTime - day, notAfter)
    }.chain
  }
}

extension TestIdentity {
  /// The self-signed end of its issuers, or itself.
  var root: Certificate { issuers.last ?? certificate }
}
