// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import OpenSSLBridge
import TestSupport
import Testing

struct PKCS12KeystoreTests {
  let landscape: Landscape

  init() throws { landscape = try Landscape.shared.get() }

  private static let passwords = ["correct horse", "", "Grüße €"].map { SecretBytes(copying: Array($0.utf8)) }

  static let formats: [FileFormat] = [PKCS12.Profile.modern, .legacy].flatMap { profile in
    passwords.map { .pfx(.init(password: $0, profile: profile, alias: "cpi-sender")) }
  }

  @Test(arguments: formats)
  func readingGivesBackWhatWasWritten(format: FileFormat) throws {
    for identity in [landscape.issuedIdentity, landscape.selfSignedIdentity] {
      let content = KeystoreContent(identity: identity, trust: [landscape.foreign.root])
      let files = try KeystoreWriter.render(format, content, now: aTime)
      #expect(files.map(\.holdsSecret) == [true])
      let read = try KeystoreReader.read(format, files)
      #expect(try read.key?.pkcs8DER() == identity.key.pkcs8DER())
      #expect(read.content.identity?.chain == identity.chain)
      #expect(read.issuers.count == identity.issuers.count)
      #expect(read.trust.isEmpty)
      #expect(KeystoreJudge.judge(read, wanted: content, endpointChains: [], now: aTime).isEmpty)
    }
  }

  @Test(arguments: [PKCS12.Profile.modern, .legacy])
  func wrongPasswordIsSaid(profile: PKCS12.Profile) throws {
    let content = KeystoreContent(identity: landscape.issuedIdentity, trust: [])
    func format(_ password: String) -> FileFormat {
      .pfx(.init(password: SecretBytes(copying: Array(password.utf8)), profile: profile, alias: "a"))
    }
    let files = try KeystoreWriter.render(format("right"), content, now: aTime)
    let error = try #require(throws: KeystoreError.self) { try KeystoreReader.read(format("wrong"), files) }
    #expect(error.description.contains("password"))
    #expect(!error.description.contains("wrong") || !error.description.contains("right"))
  }

  @Test(arguments: passwords)
  func trustStoreGivesBackItsList(password: SecretBytes) throws {
    let format = FileFormat.javaTruststore(password: password)
    let content = KeystoreContent(identity: nil, trust: [landscape.foreign.root, landscape.own.certificate])
    let files = try KeystoreWriter.render(format, content, now: aTime)
    #expect(files.map(\.holdsSecret) == [false])
    let read = try KeystoreReader.read(format, files)
    #expect(read.content.trust == content.trust)
    #expect(read.key == nil)
    #expect(KeystoreJudge.judge(read, wanted: content, endpointChains: [], now: aTime).isEmpty)
  }

  @Test func garbageIsRefused() {
    let garbage = RenderedFile(bytes: SecretBytes(copying: [0x30, 0x03, 0x02, 0x01, 0x03]), holdsSecret: true)
    for format in Self.formats + [.javaTruststore(password: Self.passwords[0])] {
      #expect(throws: KeystoreError.self) { try KeystoreReader.read(format, [garbage]) }
    }
  }
}
