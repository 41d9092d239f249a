// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import SystemPackage
import TestSupport
import Testing

struct PSEKeystoreTests {
  let landscape: Landscape

  init() throws { landscape = try Landscape.shared.get() }

  private func write(
    _ identity: Identity?, trust: [Certificate], _ options: FileFormat.PSEOptions = FileFormat.PSEOptions()
  ) throws -> (KeystoreContent, RenderedFile) {
    let content = KeystoreContent(identity: identity, trust: trust)
    let files = try KeystoreWriter.render(.pse(options), content, now: aTime)
    #expect(files.count == 1)
    return (content, try #require(files.first))
  }

  private func checkRead(
    _ file: RenderedFile, _ content: KeystoreContent, _ options: FileFormat.PSEOptions = FileFormat.PSEOptions()
  ) throws {
    let read = try KeystoreReader.read(.pse(options), [file])
    #expect(read.certificate == content.identity?.certificate)
    #expect(read.trust.count == content.trust.count)
    #expect(read.content.trust == content.trust)
    guard let identity = content.identity else {
      #expect(read.key == nil)
      return
    }
    #expect(try read.key?.pkcs8DER() == identity.key.pkcs8DER())
    #expect(read.content.identity?.issuers == identity.issuers)
  }

  @Test func trustOnly() throws {
    let (content, file) = try write(nil, trust: [landscape.foreign.root, landscape.foreign.certificate])
    #expect(!file.holdsSecret)
    try checkRead(file, content)
  }

  @Test func selfSigned() throws {
    let (content, file) = try write(landscape.selfSignedIdentity, trust: [landscape.foreign.root])
    #expect(file.holdsSecret)
    try checkRead(file, content)
  }

  @Test func issued() throws {
    let (content, file) = try write(landscape.issuedIdentity, trust: [landscape.foreign.root])
    try checkRead(file, content)
  }

  @Test func saltsDifferAndNothingElse() throws {
    let (_, first) = try write(landscape.issuedIdentity, trust: [landscape.foreign.root])
    let (_, second) = try write(landscape.issuedIdentity, trust: [landscape.foreign.root])
    #expect(first != second)
    let contents = try [first, second].map { try PSEFile(derEncoded: $0.bytes.copyBytes()).content() }
    #expect(contents[0].objects == contents[1].objects)
    #expect(contents[0].created == aTime)
  }

  @Test func missingRootIsNamed() throws {
    let identity = Identity(certificate: landscape.leaf, key: landscape.key, issuers: [landscape.own.certificate])
    let error = try #require(throws: KeystoreError.self) { try write(identity, trust: []) }
    #expect(error.description.contains("CN=Own Root, O=TS, C=DE is not known"))
  }

  @Test func ellipticCurveIsRefusedByName() throws {
    let leaf = try landscape.own.leaf(dns: "curve.example")
    let identity = Identity(certificate: leaf.certificate, key: leaf.key, issuers: leaf.issuers)
    let error = try #require(throws: KeystoreError.self) { try write(identity, trust: []) }
    #expect(error.description.contains("RSA"))
    let sentence = error.sentence(writing: .pse())
    #expect(sentence.hasPrefix("a PSE takes RSA keys only, and the private key is EC P-256: "), "\(sentence)")
  }

  @Test func damagedVersion4IsFoundByItsDigest() throws {
    let (_, file) = try write(landscape.selfSignedIdentity, trust: [])
    let content = try PSEFile(derEncoded: file.bytes.copyBytes()).content()
    let encoded = try content.derEncoded()
    func version4(digest: [UInt8]) throws -> RenderedFile {
      let body = PSEDigestedContent(
        protection: .none, algorithm: content.algorithm, content: encoded, digest: digest)
      let bytes = try PSEFile(body: .digested(body)).derEncoded()
      return RenderedFile(bytes: SecretBytes(copying: bytes), holdsSecret: true)
    }
    #expect(
      try KeystoreReader.read(.pse(), [version4(digest: Digest.sha1(encoded))]).certificate == landscape.selfSigned)
    let damaged = try version4(digest: [UInt8](repeating: 0, count: 20))
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(.pse(), [damaged]) }
    #expect(error.description.contains("digest"))
  }

  @Test func keyOfAnotherCertificateIsRefused() throws {
    let identity = Identity(certificate: landscape.selfSigned, key: landscape.otherKey, issuers: [])
    let (_, file) = try write(identity, trust: [])
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(.pse(), [file]) }
    #expect(error.description.contains("the two primes are not those of the certificate's public key"))
  }

  /// Contents of random shape in files of every form, others in each run.
  ///
  /// A failure names its seed, which the environment variable `CERTROTD_TEST_SEED` gives to another run.
  @Test(arguments: [
    ProcessInfo.processInfo.environment["CERTROTD_TEST_SEED"].flatMap(UInt64.init) ?? .random(in: 1...999_999)
  ])
  func readingGivesBackWhatWasWritten(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pool = try (0..<12).map { try landscape.foreign.leaf(dns: "peer\($0).example").certificate }
    let identities = try [nil] + (0..<5).map { _ in try identity(using: &generator) }
    for round in 0..<90 {
      let identity = identities[round % identities.count]
      let count = Int.random(in: (identity == nil ? 1 : 0)...pool.count, using: &generator)
      let pin = Bool.random(using: &generator) ? SecretBytes(copying: "PIN \(round)".utf8) : nil
      let options = FileFormat.PSEOptions(
        version: Bool.random(using: &generator) ? .two : .four, pin: pin,
        list: Bool.random(using: &generator) ? .issuers : .chain)
      let trust = Array(pool.shuffled(using: &generator).prefix(count))
      let (content, file) = try write(identity, trust: trust, options)
      try checkRead(file, content, options)
      let document = try PSEDocument.open(file.bytes, pin: pin)
      #expect(document.version == options.version && document.isPINProtected == (pin != nil))
      #expect(try document.encoded(pin: pin) == file.bytes)
    }
  }

  /// A new identity with a key, a name, a serial number and a number of issuers that nobody has chosen.
  private func identity(using generator: inout SeededGenerator) throws -> Identity {
    let key = try PrivateKey.generateRSA(bits: [2048, 2048, 3072].randomElement(using: &generator) ?? 2048)
    let letters = Array("abcxyzäßő, =+\"#<;Δ中 ")
    let name = String(
      (0..<Int.random(in: 1...20, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
    let quoted = name.map { ",=+\"#<; ".contains($0) ? "\\\($0)" : String($0) }.joined()
    let subject = "CN=\(quoted), O=TS, C=DE"
    let depth = Int.random(in: 0...3, using: &generator)
    let end = aTime + Double.random(in: 1...9000, using: &generator).rounded() * day
    guard depth > 0 else {
      let own = try SelfSignedCertificate.make(
        key: key, subject: DistinguishedName(parsing: subject), notBefore: aTime - day, notAfter: end)
      return Identity(certificate: own, key: key, issuers: [])
    }
    var authority = landscape.own
    for level in 1..<depth { authority = try authority.intermediate("CN=Level \(level), O=TS, C=DE") }
    let serial = (0..<Int.random(in: 1...20, using: &generator)).map { _ in UInt8.random(in: 1...127, using: &generator)
    }
    let leaf = try authority.issue(subject) { options in
      (options.key, options.serialNumber) = (key, serial)
      (options.notBefore, options.notAfter) = (aTime - day, end)
    }
    return Identity(certificate: leaf.certificate, key: key, issuers: leaf.issuers)
  }

  @Test func certificateListHoldsTheOwnOneWhereThatIsAskedFor() throws {
    for list in PSECertificateListReading.allCases {
      let (_, file) = try write(landscape.issuedIdentity, trust: [], FileFormat.PSEOptions(list: list))
      let content = try PSEDocument.open(file.bytes).content
      let found = content.objects.compactMap { if case .certificateList(let list) = $0.value { list } else { nil } }
      #expect(found.count == 1)
      #expect(found.first?.certificates.contains(landscape.leaf) == (list == .chain))
      #expect(Set(content.issuers) == [landscape.own.certificate, landscape.own.root])
    }
  }

  @Test func chainOfManyIssuersAndAListOfHundreds() throws {
    var authority = try TestCA.root("CN=Deep Root")
    for depth in 1...9 { authority = try authority.intermediate("CN=Deep \(depth)") }
    let leaf = try authority.issue("CN=deep.example") { $0.key = landscape.key }
    let identity = Identity(certificate: leaf.certificate, key: landscape.key, issuers: leaf.issuers)
    let trust = try (0..<300).map { try landscape.foreign.leaf(dns: "peer\($0).example").certificate }
    let pin = SecretBytes(copying: "0815".utf8)
    for options in [FileFormat.PSEOptions(), FileFormat.PSEOptions(version: .four, pin: pin)] {
      let (content, file) = try write(identity, trust: trust, options)
      #expect(content.identity?.issuers.count == 10)
      try checkRead(file, content, options)
    }
  }

  /// The key of 8,192 bits comes from a file, since OpenSSL needs up to a minute to find one.
  @Test(arguments: [3072, 4096, 8192])
  func longKeys(bits: Int) throws {
    let fixture = FilePath(#filePath).removingLastComponent().appending("Fixtures/rsa-8192.pem")
    let key =
      bits == 8192
      ? try PrivateKey(pem: HostFiles().readSecretFile(fixture, limit: 1 << 16), passphrase: nil)
      : try TestKeys.make(.rsa(bits: bits))
    #expect(key.kind == .rsa(bits: bits))
    let certificate = try SelfSignedCertificate.make(
      key: key, subject: DistinguishedName(parsing: "CN=long"), notBefore: aTime, notAfter: aTime + day)
    let (content, file) = try write(Identity(certificate: certificate, key: key, issuers: []), trust: [])
    try checkRead(file, content)
  }

  @Test func pinThatNoPSECanHaveIsRefused() throws {
    for text in ["", "Grüße"] {
      let options = FileFormat.PSEOptions(pin: SecretBytes(copying: text.utf8))
      let error = try #require(throws: KeystoreError.self) { try write(nil, trust: [landscape.own.root], options) }
      #expect(error.description.contains("the PIN"))
    }
  }

  /// A generation from before the PIN was configured, or a file that somebody made.
  @Test func fileWithoutAPINIsReadWhateverPINThereIs() throws {
    let (content, file) = try write(landscape.selfSignedIdentity, trust: [])
    try checkRead(file, content, FileFormat.PSEOptions(pin: SecretBytes(copying: "1234".utf8)))
  }

  @Test func damageUnderThePINIsNoWrongPIN() throws {
    let pin = SecretBytes(copying: "1234".utf8)
    let (_, file) = try write(landscape.selfSignedIdentity, trust: [], FileFormat.PSEOptions(pin: pin))
    var bytes = file.bytes.copyBytes()
    bytes[bytes.count - 1] ^= 0xFF
    let damaged = SecretBytes(copying: bytes)
    let error = try #require(throws: KeystoreError.self) { try PSEDocument.open(damaged, pin: pin) }
    #expect(!error.description.contains("does not open"))
  }

  @Test func unknownObjectsAndOldTrustSurviveEveryChange() throws {
    // The to-be-signed part is the first element, with a length of two bytes as the certificate itself.
    let whole = landscape.own.root.derBytes
    let old = PSETrustList.Entry.toBeSigned(Array(whole[4..<(8 + (Int(whole[6]) << 8 | Int(whole[7])))]))
    let content = try odd(trust: [old])
    #expect(content.unknownObjects.map(\.name) == ["Odd"])
    let pin = SecretBytes(copying: "1234".utf8)
    for version in PSEVersion.allCases {
      for pin in [nil, pin] {
        let written = try PSEDocument.encoded(PSEDocument.salted(content), version: version, pin: pin)
        let read = try PSEDocument.open(written, pin: pin).content
        #expect(read.objects == content.objects)
      }
    }
    let more = try content.replacingTrust(content.trust + [.certificate(landscape.foreign.root)], changed: aTime + day)
    #expect(Set(more.trust) == [old, .certificate(landscape.foreign.root)])
    #expect(more.unknownObjects == content.unknownObjects)
    #expect(more.created == content.created)
    let none = try more.replacingTrust([], changed: aTime)
    #expect(none.trust.isEmpty && none.unknownObjects == content.unknownObjects)
  }

  /// A content with an object that certrotd does not know, made by hand as another writer would.
  private func odd(trust: [PSETrustList.Entry]) throws -> PSEContent {
    let time = [0x18, 15] + Array("20240229010203Z".utf8)
    let algorithm: [UInt8] = [
      0x30, 28, 0x06, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01, 0x03, 0x30, 14, 0x04, 8, 1, 2, 3, 4, 5,
      6, 7,
      8, 0x02, 2, 0x27, 0x10,
    ]
    let object =
      [0x30, 34, 0x13, 3] + Array("Odd".utf8) + time + [0x06, 6, 0x2B, 0x24, 0x02, 0x0D, 0x63, 0x01, 0x04, 2, 9, 9]
    return try PSEContent.read([0x30, 85] + algorithm + time + [0x31, 36] + object)
      .replacingTrust(trust, changed: aTime)
  }

  @Test(arguments: [PSEVersion.two, .four])
  func tellsWhetherItHasThePINOfItsCredential(version: PSEVersion) throws {
    func options(_ pin: String?) -> FileFormat.PSEOptions {
      FileFormat.PSEOptions(version: version, pin: pin.map { SecretBytes(copying: $0.utf8) })
    }
    let (_, locked) = try write(landscape.selfSignedIdentity, trust: [], options("1234"))
    #expect(try KeystoreReader.opens(.pse(options("1234")), [locked]))
    #expect(try !KeystoreReader.opens(.pse(options("2222")), [locked]))
    #expect(try !KeystoreReader.opens(.pse(options(nil)), [locked]))
    let (_, open) = try write(landscape.selfSignedIdentity, trust: [], options(nil))
    #expect(try KeystoreReader.opens(.pse(options(nil)), [open]))
    #expect(try !KeystoreReader.opens(.pse(options("1234")), [open]))
  }
}
