// SPDX-License-Identifier: Apache-2.0

import Certificates
import PSEFormat
import SystemPackage
import TestSupport
import Testing

/// Against files that SAP's own tool made, which come with pysap, fetched when the tests run.
@Suite(.enabled(Comment(rawValue: Pysap.absence)) { await Pysap.isExpected })
struct GenuineFileTests {
  static let plainFiles = [
    "pse_v2_lps_off_pbes1_3des_sha1_plain.pse", "pse_v4_lps_off_pbes1_3des_sha1_plain.pse",
  ]
  static let protectedFiles = [
    "pse_v2_lps_off_pbes1_3des_sha1.pse", "pse_v4_lps_off_pbes1_3des_sha1.pse", "manifest_test_signer.pse",
  ]

  @Test(arguments: plainFiles + protectedFiles)
  func writtenAgainEqualByteForByte(name: String) async throws {
    let bytes = try await Pysap.fetch().data(name)
    #expect(try PSEFile(derEncoded: bytes).derEncoded() == bytes)
  }

  /// Takes a file apart into key, certificate, salt and times, and makes a new one of nothing else.
  @Test(arguments: plainFiles)
  func rebuiltFromItsPartsEqualByteForByte(name: String) async throws {
    let bytes = try await Pysap.fetch().data(name)
    let file = try PSEFile(derEncoded: bytes)
    let found = try file.content()
    let primes = try #require(try found.privateKey?.primes())
    let certificate = try #require(found.certificate)
    let derivation = try #require(try found.algorithm.pinDerivation)
    let changed = try #require(found.objects.first).created

    let rebuilt = try PSEContent.make(
      identity: PSEIdentity(primes: PSEPrimes(primes.q, primes.p), certificate: certificate, issuers: []),
      trust: found.trust.compactMap { if case .certificate(let trusted) = $0 { trusted } else { nil } },
      derivation: PINDerivation(salt: derivation.salt, iterations: derivation.iterations),
      created: found.created, changed: changed)

    #expect(rebuilt == found)
    switch file.body {
    case .plain: #expect(try PSEFile(rebuilt).derEncoded() == bytes)
    case .digested(let body): #expect(try rebuilt.derEncoded() == body.content)
    case .protected: Issue.record("a plain file is taken for a protected one")
    }
  }

  @Test(arguments: [2, 4])
  func holdsWhatItsMakerSays(version: Int) async throws {
    let pysap = try await Pysap.fetch()
    let file = try PSEFile(derEncoded: pysap.data("pse_v\(version)_lps_off_pbes1_3des_sha1_plain.pse"))
    let content = try file.content()
    #expect(file.version == version)
    #expect(!file.isPINProtected)
    #expect(content.keyFlag == 1)
    #expect(try content.algorithm.pinDerivation?.iterations == 10_000)
    #expect(try content.algorithm.pinDerivation?.salt.count == PINDerivation.usualSaltLength)
    #expect(content.objects.map(\.name) == ["SKnew", "PKRoot", "Cert", "CertList"])
    #expect(try content.certificate?.derBytes == pysap.data("pse_v\(version)_lps_off_pbes1_3des_sha1_cert.der"))
    #expect(content.root == content.certificate)
    #expect(content.trust.isEmpty)
  }

  @Test(arguments: protectedFiles)
  func sayThatAPINIsNeeded(name: String) async throws {
    let file = try PSEFile(derEncoded: await Pysap.fetch().data(name))
    #expect(file.isPINProtected)
    #expect(throws: PSEError.pinProtected(version: file.version)) { try file.content() }
  }

  /// Neither reading nor describing may bring a key into a log.
  @Test func describeNoSecret() async throws {
    let content = try PSEFile(derEncoded: await Pysap.fetch().data(Self.plainFiles[0])).content()
    let primes = try #require(try content.privateKey?.primes())
    var dumped = ""
    dump(content, to: &dumped)
    for text in [dumped, String(describing: content), String(reflecting: content)] {
      #expect(!text.contains(primes.p.prefix(4).map(String.init).joined(separator: ", ")))
    }
  }

  @Test func pysapReadsWhatIsWritten() async throws {
    let pysap = try await Pysap.fetch()
    let root = try MadeUpCertificate.make(subject: "CN=Root")
    let issuer = try MadeUpCertificate.make(subject: "CN=Issuer", issuer: "CN=Root", serial: 2)
    let leaf = try MadeUpCertificate.make(subject: "CN=leaf", issuer: "CN=Issuer", serial: 3)
    let primes = try PSEPrimes([0xC1] + [UInt8](repeating: 7, count: 127), [0xC0] + [UInt8](repeating: 9, count: 127))
    let derivation = PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8])
    for identity in [
      try PSEIdentity(primes: primes, certificate: root, issuers: []),
      try PSEIdentity(primes: primes, certificate: leaf, issuers: [issuer, root]),
    ] {
      let content = try PSEContent.make(identity: identity, trust: [root], derivation: derivation, created: aTime)
      try await TemporaryFolder.with { folder in
        let path = folder.appending("client.pse")
        try TemporaryFolder.write(try PSEFile(content).derEncoded(), to: path)
        #expect(try await pysap.certificate(inPSE: path) == identity.certificate.derBytes)
      }
    }
  }
}
