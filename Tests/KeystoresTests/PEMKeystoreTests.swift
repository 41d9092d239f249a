// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import TestSupport
import Testing

struct PEMKeystoreTests {
  let landscape: Landscape

  init() throws { landscape = try Landscape.shared.get() }

  private func selfSigned(_ subject: String) throws -> Certificate {
    try SelfSignedCertificate.make(
      key: landscape.key, subject: DistinguishedName(parsing: subject), notBefore: aTime,
      notAfter: aTime.addingTimeInterval(60))
  }

  @Test func certificateFileIsTheWholeChain() throws {
    let content = KeystoreContent(identity: landscape.issuedIdentity, trust: [])
    let file = try #require(try KeystoreWriter.render(.pem(.certificate), content, now: aTime).first)
    #expect(!file.holdsSecret)
    let blocks = try PEMReader.blocks(in: file.bytes.copyBytes())
    #expect(blocks.map(\.label) == ["CERTIFICATE", "CERTIFICATE", "CERTIFICATE"])
    #expect(blocks.map(\.bytes) == [landscape.leaf, landscape.own.certificate, landscape.own.root].map(\.derBytes))
    let read = try KeystoreReader.read(.pem(.certificate), [file])
    #expect(read.certificate == landscape.leaf)
    #expect(read.issuers == [landscape.own.certificate, landscape.own.root])
  }

  @Test(arguments: [
    (PrivateKey.PEMFormat.pkcs1, "-----BEGIN RSA PRIVATE KEY-----"), (.pkcs8, "-----BEGIN PRIVATE KEY-----"),
  ])
  func keyFile(framing: PrivateKey.PEMFormat, beginning: String) throws {
    let content = KeystoreContent(identity: landscape.issuedIdentity, trust: [])
    let file = try #require(try KeystoreWriter.render(.pem(.key(framing)), content, now: aTime).first)
    #expect(file.holdsSecret)
    #expect(file.bytes.copyBytes().starts(with: Array(beginning.utf8)))
    let read = try KeystoreReader.read(.pem(.key(framing)), [file])
    #expect(try read.key?.pkcs8DER() == landscape.key.pkcs8DER())
    #expect(read.certificate == nil)
  }

  @Test func twoFilesMakeOneIdentity() throws {
    let content = KeystoreContent(identity: landscape.issuedIdentity, trust: [])
    let formats: [FileFormat] = [.pem(.certificate), .pem(.key(.pkcs8))]
    let read = try formats.map { try KeystoreReader.read($0, try KeystoreWriter.render($0, content, now: aTime)) }
    for merged in [read[0].merging(read[1]), read[1].merging(read[0])] {
      #expect(merged.parts == [.certificate, .key])
      #expect(merged.content.identity?.chain == content.identity?.chain)
    }
  }

  @Test func folderHasOneFilePerTrustedCertificate() throws {
    let content = KeystoreContent(identity: nil, trust: [landscape.own.root, landscape.foreign.root])
    let files = try KeystoreWriter.render(.caDirectory, content, now: aTime)
    #expect(
      files.map(\.name) == [
        "Foreign_Root-\(landscape.foreign.root.fingerprint.short).crt",
        "Own_Root-\(landscape.own.root.fingerprint.short).crt",
      ])
    #expect(try KeystoreReader.read(.caDirectory, files.reversed()).content.trust == content.trust)
  }

  @Test(arguments: [
    ("CN=../../etc/passwd", "etc_passwd-"), ("CN=.hidden", "hidden-"), ("CN=-rf", "rf-"), ("CN=Größe ✓", "Gr_e_-"),
    ("O=No Name, C=DE", "No_Name-"), ("CN=***", "certificate-"),
  ])
  func namesOfMembersAreHarmless(subject: String, beginning: String) throws {
    let certificate = try selfSigned(subject)
    let content = KeystoreContent(identity: nil, trust: [certificate])
    let name = try #require(try KeystoreWriter.render(.caDirectory, content, now: aTime).first?.name)
    #expect(name == "\(beginning)\(certificate.fingerprint.short).crt")
  }

  @Test func longNameIsCut() throws {
    let certificate = try selfSigned("CN=" + String(repeating: "a", count: 300))
    let content = KeystoreContent(identity: nil, trust: [certificate])
    let name = try #require(try KeystoreWriter.render(.caDirectory, content, now: aTime).first?.name)
    #expect(name.utf8.count < 128)
  }

  @Test(arguments: [FileFormat.pem(.certificate), .pem(.key(.pkcs8))])
  func identityIsNeeded(format: FileFormat) throws {
    let content = KeystoreContent(identity: nil, trust: [landscape.own.root])
    #expect(throws: KeystoreError.self) { try KeystoreWriter.render(format, content, now: aTime) }
  }

  @Test(arguments: [FileFormat.caDirectory, .javaTruststore(password: SecretBytes(copying: []))])
  func trustIsNeeded(format: FileFormat) throws {
    let content = KeystoreContent(identity: landscape.issuedIdentity, trust: [])
    #expect(throws: KeystoreError.self) { try KeystoreWriter.render(format, content, now: aTime) }
  }

  @Test func garbageIsRefusedWithTheNameOfTheMember() throws {
    let text = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    let garbage = RenderedFile(name: "x.crt", bytes: SecretBytes(copying: Array(text.utf8)), holdsSecret: false)
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(.caDirectory, [garbage]) }
    #expect(error.description.hasPrefix("x.crt: "))
    #expect(throws: KeystoreError.self) { try KeystoreReader.read(.pem(.certificate), []) }
    #expect(throws: KeystoreError.self) { try KeystoreReader.read(.pem(.key(.pkcs8)), [garbage]) }
    #expect(throws: KeystoreError.self) { try KeystoreReader.read(.pse(), [garbage]) }
  }
}
