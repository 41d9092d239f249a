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
