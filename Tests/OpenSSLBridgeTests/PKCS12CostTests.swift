// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import TestSupport
import Testing

@testable import OpenSSLBridge

@Suite struct PKCS12CostTests {
  private let identity: TestIdentity
  private let password: CPassword

  init() throws {
    identity = try TestCA.selfSigned("CN=a")
    password = try CPassword(SecretBytes(copying: "x".utf8))
  }

  /// A file that holds the same key and the same certificate many times.
  private func file(keys: Int, certificates: Int) throws -> SecretBytes {
    var bags = PKCS12Bags()
    for _ in 0..<keys {
      try bags.add(identity.key, alias: nil, localKeyID: [], password: password, profile: .legacy)
    }
    for _ in 0..<certificates { try bags.add(identity.certificate) }
    var safes = PKCS12Safes()
    try safes.addUnencrypted(bags)
    return try safes.finish(password: password, profile: .legacy)
  }

  /// Each key is compared with each certificate.
  @Test func manyKeysWithManyCertificatesAreRefused() throws {
    let many = try file(keys: 101, certificates: 100)
    #expect(throws: PKCS12Error.tooManyPairs(limit: 10_000)) {
      try PKCS12.decode(many, password: SecretBytes(copying: "x".utf8))
    }
  }
}
