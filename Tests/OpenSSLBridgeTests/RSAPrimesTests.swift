// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct RSAPrimesTests {
  @Test func rebuildsTheSameKeyInEitherOrder() async throws {
    let folder = try TemporaryFolder()
    let identity = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    let (p, q) = try identity.key.rsaPrimes()
    #expect(p.count == 128 && q.count == 128)
    #expect(q.copyBytes().lexicographicallyPrecedes(p.copyBytes()))
    for primes in [(p, q), (q, p)] {
      let key = try PrivateKey(rsaPrimes: primes, publicKeyOf: identity.certificate)
      #expect(try key.fits(identity.certificate))
      #expect(try key.rsaPrimes() == (p, q))
      let file = try folder.write("\(primes.0 == p).pem", bytes: key.pem(.pkcs1).copyBytes())
      // Checks primality, the product, d, dP, dQ and qInv.
      let judged = try await OutsideTool.run("openssl", ["rsa", "-in", file.string, "-check", "-noout"])
      #expect(judged.everything.contains("RSA key ok"), "\(judged.everything)")
    }
  }

  @Test func leadingZerosDoNotMatter() throws {
    let identity = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    let (p, q) = try identity.key.rsaPrimes()
    let padded = SecretBytes(copying: [0] + p.copyBytes())
    #expect(try PrivateKey(rsaPrimes: (padded, q), publicKeyOf: identity.certificate).fits(identity.certificate))
  }

  @Test func refusesPrimesOfAnotherKey() throws {
    let identity = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    let (p, q) = try identity.key.rsaPrimes()
    let other = try TestKeys.make(.rsa(bits: 2048, index: 1)).rsaPrimes()
    let nothing = SecretBytes(copying: [])
    let one = SecretBytes(copying: [1])
    let huge = SecretBytes(copying: [UInt8](repeating: 0xFF, count: 100_000))
    for primes in [(p, other.q), other, (p, p), (p, one), (nothing, q), (huge, q), (one, one)] {
      #expect(throws: PrivateKeyError.primesDoNotFit) {
        try PrivateKey(rsaPrimes: primes, publicKeyOf: identity.certificate)
      }
    }
  }

  /// One times the modulus is the modulus: a product that must not count.
  @Test func refusesTheModulusItself() throws {
    let identity = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    // RSAPublicKey inside the SubjectPublicKeyInfo: the 256 bytes before the exponent 65537 (02 03 01 00 01).
    let modulus = identity.certificate.publicKey.derBytes.dropLast(5).suffix(256)
    #expect(throws: PrivateKeyError.primesDoNotFit) {
      try PrivateKey(
        rsaPrimes: (SecretBytes(copying: modulus), SecretBytes(copying: [1])), publicKeyOf: identity.certificate)
    }
  }

  @Test func refusesACurveCertificate() throws {
    let curve = try TestCA.selfSigned("CN=a")
    let (p, q) = try TestKeys.make(.rsa(bits: 2048)).rsaPrimes()
    #expect(throws: PrivateKeyError.wrongKind(wanted: "a certificate with an RSA key", found: "EC P-256")) {
      try PrivateKey(rsaPrimes: (p, q), publicKeyOf: curve.certificate)
    }
  }
}
