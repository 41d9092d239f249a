// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct PrivateKeyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func openssl(_ arguments: String...) async throws {
    let outcome = try await OutsideTool.run("openssl", arguments)
    try #require(outcome.succeeded, "\(outcome.everything)")
  }

  private func read(_ file: FilePath) throws -> SecretBytes { try HostFiles().readSecretFile(file, limit: 1 << 20) }

  @Test(arguments: [PrivateKey.PEMFormat.pkcs1, .pkcs8])
  func writesAndReadsPEM(format: PrivateKey.PEMFormat) throws {
    for key in [try TestKeys.make(.rsa(bits: 2048)), try TestKeys.make(.ellipticCurve)] {
      let pem = try key.pem(format)
      let again = try PrivateKey(pem: pem)
      #expect(again.kind == key.kind)
      #expect(try again.pkcs8DER() == key.pkcs8DER())
    }
  }

  @Test func kindsAreNamedAsInCertificates() throws {
    let rsa = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    let curve = try TestCA.selfSigned("CN=b")
    #expect(rsa.key.kind == .rsa(bits: 2048))
    #expect(curve.key.kind == .ellipticCurve("P-256"))
    #expect(rsa.key.kind == rsa.certificate.publicKey.kind)
    #expect(curve.key.kind == curve.certificate.publicKey.kind)
  }

  @Test func readsEveryPlainFormOfOpenSSL() async throws {
    let (p8, p1, der) = (folder.path.appending("8.pem"), folder.path.appending("1.pem"), folder.path.appending("1.der"))
    try await openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", p8.string)
    try await openssl("rsa", "-in", p8.string, "-traditional", "-out", p1.string)
    try await openssl("rsa", "-in", p8.string, "-traditional", "-outform", "DER", "-out", der.string)
    let key = try PrivateKey(pem: read(p8))
    #expect(try read(p1).copyBytes().starts(with: "-----BEGIN RSA PRIVATE KEY".utf8))
    #expect(try PrivateKey(pem: read(p1)).pkcs8DER() == key.pkcs8DER())
    #expect(try PrivateKey(der: read(der)).pkcs8DER() == key.pkcs8DER())
    #expect(try key.pkcs1DER() == read(der))
    #expect(try key.pem(.pkcs1) == read(p1))
    #expect(try key.pem(.pkcs8) == read(p8))
  }

  @Test func readsCurveKeyAfterItsParameters() async throws {
    let file = folder.path.appending("ec.pem")
    try await openssl("ecparam", "-name", "secp384r1", "-genkey", "-out", file.string)
    #expect(try read(file).copyBytes().starts(with: "-----BEGIN EC PARAMETERS".utf8))
    #expect(try PrivateKey(pem: read(file)).kind == .ellipticCurve("P-384"))
  }

  @Test(arguments: [["pkcs8", "-topk8", "-v2", "aes-256-cbc"], ["rsa", "-traditional", "-aes128"]])
  func opensEncryptedKeysWithThePassphraseOnly(command: [String]) async throws {
    let plain = try folder.write("plain.pem", bytes: TestKeys.make(.rsa(bits: 2048)).pem(.pkcs8).copyBytes())
    let word = try folder.write("word", bytes: "correct horse\n".utf8)
    let sealed = folder.path.appending("sealed.pem")
    let outcome = try await OutsideTool.run(
      "openssl", command + ["-in", plain.string, "-passout", "file:\(word)", "-out", sealed.string])
    try #require(outcome.succeeded, "\(outcome.everything)")

    let key = try PrivateKey(pem: read(sealed), passphrase: SecretBytes(copying: "correct horse".utf8))
    #expect(try key.pkcs8DER() == TestKeys.make(.rsa(bits: 2048)).pkcs8DER())
    #expect(throws: PrivateKeyError.passphraseNeeded) { try PrivateKey(pem: read(sealed)) }
    #expect(throws: PrivateKeyError.wrongPassphrase) {
      try PrivateKey(pem: read(sealed), passphrase: SecretBytes(copying: "wrong".utf8))
    }
    #expect(throws: PrivateKeyError.wrongPassphrase) {
      try PrivateKey(pem: read(sealed), passphrase: SecretBytes(copying: []))
    }
    #expect(throws: PrivateKeyError.passphraseTooLong(limit: 1024)) {
      try PrivateKey(pem: read(sealed), passphrase: SecretBytes(copying: [UInt8](repeating: 65, count: 1025)))
    }
  }

  /// `EncryptedPrivateKeyInfo` (RFC 5208, section 6) under PBES2 (RFC 8018, appendix A.4) with this key derivation.
  private func encrypted(under derivation: [UInt8]) -> [UInt8] {
    let aes: [UInt8] = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2A, 0x04, 16] + [UInt8](repeating: 7, count: 16)
    let pbes2: [UInt8] =
      [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 5, 0x0D] + sequence(sequence(derivation) + sequence(aes))
    return sequence(sequence(pbes2) + [0x04, 32] + [UInt8](repeating: 9, count: 32))
  }

  private func sequence(_ content: [UInt8]) -> [UInt8] { [0x30, UInt8(content.count)] + content }

  /// Derivations that take minutes, of which none is to be begun.
  @Test(
    arguments: [
      // PBKDF2 with 2^31 - 1 rounds (RFC 8018, appendix A.2).
      [
        0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 5, 0x0C, 0x30, 10, 0x04, 2, 1, 2, 0x02, 4, 0x7F, 0xFF, 0xFF,
        0xFF,
      ],
      // scrypt with N = 2^14, r = 8, p = 2^16 (RFC 7914, section 7.1).
      [
        0x06, 9, 0x2B, 6, 1, 4, 1, 0xDA, 0x47, 4, 0x0B, 0x30, 16, 0x04, 2, 1, 2, 0x02, 2, 0x40, 0, 0x02, 1, 8, 0x02, 3,
        1, 0,
        0,
      ],
    ] as [[UInt8]])
  func roundsWithoutEndAreRefusedBeforeTheyAreRun(derivation: [UInt8]) throws {
    let der = encrypted(under: derivation)
    let (block, word) = (PEMBlock(label: "ENCRYPTED PRIVATE KEY", bytes: der).text, SecretBytes(copying: "x".utf8))
    let refusal = PrivateKeyError.tooCostly(limit: 3_000_000)
    #expect(throws: refusal) { try PrivateKey(der: SecretBytes(copying: der), passphrase: word) }
    let damaged = "-----BEGIN X-----\n*\n-----END Y-----\n"
    for text in [block, "words\n\(damaged)\(PEMBlock(label: "THING", bytes: [1]).text)\(block)"] {
      #expect(throws: refusal) { try PrivateKey(pem: SecretBytes(copying: text.utf8), passphrase: word) }
    }
  }

  @Test func opensAnEncryptedDERKey() async throws {
    let key = try TestKeys.make(.ellipticCurve)
    let plain = try folder.write("plain.pem", bytes: key.pem(.pkcs8).copyBytes())
    let sealed = folder.path.appending("sealed.der")
    for options in [["-scrypt"], ["-v2", "aes-256-cbc", "-iter", "100000"]] {
      let outcome = try await OutsideTool.run(
        "openssl",
        ["pkcs8", "-topk8", "-outform", "DER", "-in", plain.string, "-passout", "pass:x", "-out", sealed.string]
          + options)
      try #require(outcome.succeeded, "\(outcome.everything)")
      #expect(
        try PrivateKey(der: read(sealed), passphrase: SecretBytes(copying: "x".utf8)).pkcs8DER() == key.pkcs8DER())
    }
  }

  @Test func refusesWhatIsNoPrivateKey() async throws {
    let key = try folder.write("key.pem", bytes: TestKeys.make(.rsa(bits: 2048)).pem(.pkcs8).copyBytes())
    let publicKey = folder.path.appending("public.pem")
    try await openssl("pkey", "-in", key.string, "-pubout", "-out", publicKey.string)
    let certificate = Array(PEMBlock(try TestCA.root().certificate).text.utf8)
    for bytes in [[], Array("nonsense".utf8), certificate, try read(publicKey).copyBytes()] {
      let error = #expect(throws: PrivateKeyError.self) { try PrivateKey(pem: SecretBytes(copying: bytes)) }
      guard case .notAPrivateKey = error else {
        Issue.record("\(bytes.count) bytes: \(String(describing: error))")
        continue
      }
      #expect(throws: PrivateKeyError.self) { try PrivateKey(der: SecretBytes(copying: bytes)) }
    }
  }

  @Test func findsTheKeyBehindACertificate() throws {
    let text = Array(PEMBlock(try TestCA.root().certificate).text.utf8)
    let key = try TestKeys.make(.ellipticCurve)
    let both = SecretBytes(copying: text + Array("\n".utf8) + (try key.pem(.pkcs1).copyBytes()))
    #expect(try PrivateKey(pem: both).pkcs8DER() == key.pkcs8DER())
  }

  @Test func fitsItsOwnCertificateOnly() throws {
    let first = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048) }
    let second = try TestCA.selfSigned("CN=a") { $0.keyKind = .rsa(bits: 2048, index: 1) }
    let curve = try TestCA.selfSigned("CN=a")
    #expect(try first.key.fits(first.certificate))
    #expect(try curve.key.fits(curve.certificate))
    #expect(try !first.key.fits(second.certificate))
    #expect(try !first.key.fits(curve.certificate))
    #expect(try !curve.key.fits(first.certificate))
  }

  @Test func wrongKindIsNamed() throws {
    let curve = try TestKeys.make(.ellipticCurve)
    let refused = PrivateKeyError.wrongKind(wanted: "an RSA key", found: "EC P-256")
    #expect(throws: refused) { try curve.pkcs1DER() }
    #expect(throws: refused) { try curve.rsaPrimes() }
  }

  @Test func refusesAnAbsurdLength() {
    #expect(throws: PrivateKeyError.self) { try PrivateKey.generateRSA(bits: 128) }
    #expect(throws: PrivateKeyError.self) { try PrivateKey.generateEllipticCurve("no such curve") }
  }
}
