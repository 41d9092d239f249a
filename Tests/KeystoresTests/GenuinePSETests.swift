// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import SystemPackage
import TestSupport
import Testing

/// Files that SAP's own tool made, opened with their PIN, taken apart, and made again of their parts.
@Suite(.enabled(Comment(rawValue: Pysap.absence)) { await Pysap.isExpected })
struct GenuinePSETests {
  static let names = [2, 4].flatMap {
    ["pse_v\($0)_lps_off_pbes1_3des_sha1", "pse_v\($0)_lps_off_pbes1_3des_sha1_plain"]
  }
  static let protected = names.filter { !$0.hasSuffix("plain") }

  private let pin = SecretBytes(copying: "1234567980".utf8)

  private func open(_ name: String) async throws -> (SecretBytes, PSEDocument) {
    let bytes = SecretBytes(copying: try await Pysap.fetch().data("\(name).pse"))
    return (bytes, try PSEDocument.open(bytes, pin: pin))
  }

  @Test(arguments: names)
  func rewrittenByteForByteFromItsParts(name: String) async throws {
    let (bytes, document) = try await open(name)
    let pin = document.isPINProtected ? pin : nil
    #expect(try document.encoded(pin: pin) == bytes)

    let found = document.content
    let primes = try #require(try document.key()).rsaPrimes()
    let derivation = try #require(try found.algorithm.pinDerivation)
    for list in PSECertificateListReading.allCases {
      let rebuilt = try PSEContent.make(
        identity: PSEIdentity(
          primes: PSEPrimes(primes.q.copyBytes(), primes.p.copyBytes()), certificate: #require(found.certificate),
          issuers: []),
        trust: PSETrustList.certificates(in: found.trust), list: list,
        derivation: PINDerivation(salt: derivation.salt, iterations: derivation.iterations), created: found.created,
        changed: #require(found.objects.first).created)
      #expect(try PSEDocument.encoded(rebuilt, version: document.version, pin: pin) == bytes)
    }
  }

  /// What the file outside names for its PIN is what the content names inside.
  @Test(arguments: protected)
  func saltIsTheSameOutsideAndInside(name: String) async throws {
    let (bytes, document) = try await open(name)
    switch try PSEFile(derEncoded: bytes.copyBytes()).body {
    case .plain: Issue.record("a protected file is taken for a plain one")
    case .protected(let body): #expect(body.algorithm == document.content.algorithm)
    case .digested(let body): #expect(body.algorithm == document.content.algorithm)
    }
  }

  @Test(arguments: names)
  func convertedThereAndBackWithNothingLost(name: String) async throws {
    let (bytes, document) = try await open(name)
    let (mine, others) = (document.isPINProtected ? pin : nil, document.isPINProtected ? nil : pin)
    var current = document
    func convert(_ version: PSEVersion, _ pin: SecretBytes?) throws -> SecretBytes {
      let written = try PSEDocument.encoded(current.content, version: version, pin: pin)
      current = try PSEDocument.open(written, pin: pin)
      #expect(current.version == version && current.isPINProtected == (pin != nil))
      #expect(current.content == document.content)
      return written
    }
    let other: PSEVersion = document.version == .two ? .four : .two
    _ = try convert(other, mine)
    _ = try convert(other, others)
    _ = try convert(document.version, others)
    #expect(try convert(document.version, mine) == bytes)
  }

  @Test(arguments: protected)
  func otherPINsDoNotOpenIt(name: String) async throws {
    let (bytes, document) = try await open(name)
    for wrong in ["1234567890", "123456798", "12345679800", "x"] {
      let error = try #require(throws: KeystoreError.self) {
        try PSEDocument.open(bytes, pin: SecretBytes(copying: wrong.utf8))
      }
      guard case .pse(.wrongPIN(document.version.rawValue)) = error else { throw error }
    }
    let error = try #require(throws: KeystoreError.self) { try PSEDocument.open(bytes) }
    guard case .pse(.pinProtected(document.version.rawValue)) = error else { throw error }
  }

  @Test(arguments: names)
  func itsKeyIsThatOfItsCertificate(name: String) async throws {
    let (_, document) = try await open(name)
    let read = try document.read()
    let certificate = try #require(read.certificate)
    #expect(try #require(read.key).fits(certificate))
    #expect(try await Pysap.fetch().data("\(name.replacing("_plain", with: ""))_cert.der") == certificate.derBytes)
  }

  /// It has no way to open version 4 with a PIN, those of SAP included.
  @Test(arguments: [(.two, true), (.two, false), (.four, false)] as [(PSEVersion, Bool)])
  func pysapOpensOurFiles(version: PSEVersion, hasPIN: Bool) async throws {
    let pysap = try await Pysap.fetch()
    let landscape = try Landscape.shared.get()
    for identity in [landscape.selfSignedIdentity, landscape.issuedIdentity] {
      let format = FileFormat.pse(FileFormat.PSEOptions(version: version, pin: hasPIN ? pin : nil))
      let content = KeystoreContent(identity: identity, trust: [landscape.foreign.root])
      let file = try #require(try KeystoreWriter.render(format, content, now: aTime).first)
      try await TemporaryFolder.with { folder in
        let path = folder.appending("client.pse")
        try TemporaryFolder.write(file.bytes.copyBytes(), to: path)
        let found = try await pysap.certificate(inPSE: path, pin: hasPIN ? "1234567980" : nil)
        #expect(found == identity.certificate.derBytes)
        guard hasPIN else { return }
        await #expect(throws: Pysap.Failure.self) { try await pysap.certificate(inPSE: path, pin: "1234567890") }
      }
    }
  }
}
