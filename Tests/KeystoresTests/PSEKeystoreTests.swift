// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import TestSupport
import Testing

struct PSEKeystoreTests {
  let landscape: Landscape

  init() throws { landscape = try Landscape.shared.get() }

  private func write(_ identity: Identity?, trust: [Certificate]) throws -> (KeystoreContent, RenderedFile) {
    let content = KeystoreContent(identity: identity, trust: trust)
    let files = try KeystoreWriter.render(.pse, content, now: aTime)
    #expect(files.count == 1)
    return (content, try #require(files.first))
  }

  private func checkRead(_ file: RenderedFile, _ content: KeystoreContent) throws {
    let read = try KeystoreReader.read(.pse, [file])
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
    #expect(try KeystoreReader.read(.pse, [version4(digest: Digest.sha1(encoded))]).certificate == landscape.selfSigned)
    let damaged = try version4(digest: [UInt8](repeating: 0, count: 20))
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(.pse, [damaged]) }
    #expect(error.description.contains("digest"))
  }

  @Test func keyOfAnotherCertificateIsRefused() throws {
    let identity = Identity(certificate: landscape.selfSigned, key: landscape.otherKey, issuers: [])
    let (_, file) = try write(identity, trust: [])
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(.pse, [file]) }
    #expect(error.description.contains("the two primes are not those of the certificate's public key"))
  }

  /// Contents of random shape; the seed is fixed.
  @Test func readingGivesBackWhatWasWritten() throws {
    var generator = SeededGenerator(seed: 2)
    let pool = try (0..<12).map { try landscape.foreign.leaf(dns: "peer\($0).example").certificate }
    let identities = [nil, landscape.selfSignedIdentity, landscape.issuedIdentity]
    for round in 0..<90 {
      let identity = identities[round % identities.count]
      let count = Int.random(in: (identity == nil ? 1 : 0)...pool.count, using: &generator)
      let (content, file) = try write(identity, trust: Array(pool.shuffled(using: &generator).prefix(count)))
      try checkRead(file, content)
    }
  }
}
