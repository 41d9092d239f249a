// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import PSEFormat
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Keystores that start from a PSE of others.
struct AdoptionTests {
  private let site: Site
  private let old: TestIdentity
  private let trust: [Certificate]
  private var file: FilePath { site.folder.file("old.pse") }

  init() throws {
    site = try Site()
    old = try Authority.one.get().leaf("old", days: 30) { $0.keyKind = .rsa(bits: 2048) }
    trust = try Authority.two.get().issuing.path
    try place(old, trust)
  }

  private func place(_ identity: TestIdentity?, _ trust: [Certificate], pin: String? = nil) throws {
    let content = KeystoreContent(
      identity: identity.map { Identity(certificate: $0.certificate, key: $0.key, issuers: $0.issuers) }, trust: trust)
    let options = FileFormat.PSEOptions(version: .four, pin: pin.map { SecretBytes(copying: $0.utf8) })
    try place(try KeystoreWriter.render(.pse(options), content, now: aTime)[0].bytes.copyBytes())
  }

  private func place(_ bytes: [UInt8]) throws { try site.folder.write("old.pse", bytes: bytes) }

  private static let selfSigned = "identity: {self-signed: {subject: CN=old, valid-for: 825d}}"

  /// The keystore writes the very file that it takes over.
  private func configure(_ more: String = "", adopt: String? = "") throws {
    try site.configure(
      """
      keystores:
        client:
          \(adopt.map { "adopt: {file: \(file)\($0)}" } ?? "trust: {bundles: [\(site.folder.file("none.pem"))]}")
          \(more)
          renew-before: 10d
          alert-before: [7d]
          overlap: 1d
          files: [{pse: {path: \(file)}}]
      """)
  }

  private func delivered(pin: String? = nil) throws -> KeystoreContent {
    try RunningSite.read(file, as: .pse(.init(pin: pin.map { SecretBytes(copying: $0.utf8) })))
  }

  @Test func `identity and trust list are kept until the identity is due, whatever becomes of the file`() async throws {
    try configure(Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.started, .configurationApplied, .keystoreAdopted, .keystoreWritten])
      #expect(told[2].fields[.path] == file.string && told[2].fields[.subject] == "CN=old")
      #expect(try delivered().identity?.chain == old.path && Set(delivered().trust) == Set(trust))
      let history = try await daemon.context.ledger.history(LedgerSubject(.keystore, "client"), limit: 9)
      let adopted = history.filter { $0.event == "keystore.adopted" }
      #expect(adopted.map(\.at) == [aTime] && adopted.map(\.message).joined().contains("\(file)"))
      let adoption = try #require(try await daemon.context.ledger.adoption(of: "client"))
      #expect(adoption.path == file.string && adoption.adoptedAt == aTime && adoption.leaf == old.certificate)
    }
    try HostFiles().removeTree(at: file)
    try await site.run { daemon in
      try await daemon.refresh()
      try await daemon.settle()
      #expect(try delivered().identity?.chain == old.path && Set(delivered().trust) == Set(trust))
      #expect(!site.recorder.takeNames().contains(.keystoreAdopted))
      site.clock.advance(by: .days(19))
      try await daemon.settle()
      #expect(try delivered().identity?.certificate == old.certificate, "it is not due")
      site.clock.advance(by: .days(2))
      try await daemon.settle()
      #expect(site.recorder.takeNames().suffix(2) == [.identityRenewed, .keystoreWritten])
      let renewed = try delivered()
      #expect(renewed.identity?.certificate != old.certificate && Set(renewed.trust) == Set(trust))
      #expect(renewed.identity?.certificate.subject == old.certificate.subject)
    }
    _ = site.recorder.take()
    #expect(try await site.settle() == [.started, .configurationApplied], "all is as it should be")
  }

  @Test func `without a source the identity is kept, and its end is told of`() async throws {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      site.clock.advance(by: .days(25))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.certificateExpiring])
      #expect(try delivered().identity?.certificate == old.certificate)
      site.clock.advance(by: .days(7))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.certificateExpired])
      #expect(try delivered().identity?.certificate == old.certificate, "the files in force stay")
    }
  }

  @Test func `a configured source takes over when the old identity is due`() async throws {
    let next = try Authority.one.get().leaf("next") { $0.keyKind = .rsa(bits: 2048, index: 1) }
    try site.folder.write("certificate.pem", next.path.pem)
    try site.folder.write("key.pem", bytes: try next.key.pem(.pkcs8).copyBytes())
    let folder = site.folder
    try configure(
      "identity: {pem: {certificate: \(folder.file("certificate.pem")), key: \(folder.file("key.pem"))}}")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try delivered().identity?.certificate == old.certificate)
      site.clock.advance(by: .days(21))
      try await daemon.settle()
      #expect(try delivered().identity?.certificate == next.certificate)
    }
  }

  @Test func `trusted certificates leave when an operator says so, after the overlap`() async throws {
    try configure()
    try await site.settle()
    try configure(adopt: ", without: [\"\(trust[0].fingerprint)\"]")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try Set(delivered().trust) == Set(trust))
      site.clock.advance(by: .days(2))
      try await daemon.settle()
      #expect(try Set(delivered().trust) == Set(trust.dropFirst()))
      #expect(try delivered().identity?.certificate == old.certificate)
    }
  }

  @Test func `the identity in use stays when adopt is removed, until an operator refuses one`() async throws {
    try site.folder.write("none.pem", trust.pem)
    try configure()
    try await site.settle()
    for more in ["", "after-change: []"] {
      try configure(more, adopt: nil)
      try await site.run { daemon in
        try await daemon.settle()
        #expect(try delivered().identity?.chain == old.path)
        try await daemon.services.keeper.reload()
        try await daemon.settle()
        #expect(try delivered().identity?.chain == old.path)
        #expect(try await daemon.currentNumber("client") == 1)
      }
    }
    try configure("identity: none", adopt: nil)
    try await site.settle()
    #expect(try delivered().identity == nil && Set(delivered().trust) == Set(trust))
    try configure(adopt: nil)
    try await site.settle()
    #expect(try delivered().identity == nil, "what is no longer in use does not come back")
  }

  @Test func `an identity that stays is not written where every account could read it`() async throws {
    try site.folder.write("none.pem", trust.pem)
    try configure()
    try await site.settle()
    try site.configure(
      """
      keystores:
        client: {trust: {bundles: [\(site.folder.file("none.pem"))]}, files: [{pse: {path: \(file), mode: "0644"}}]}
      """)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try delivered().identity?.chain == old.path)
      #expect(try HostFiles().status(of: file).mode.intersection(.otherRead) == [])
      let (configuration, inventory) = await (
        daemon.context.landscape.configuration, daemon.context.landscape.inventory
      )
      let status = StatusReader.read(configuration, inventory, now: aTime).subjects.first
      #expect(
        status?.state == .failing && status?.reason.contains("identity: none") == true, "\(String(describing: status))")
    }
  }

  @Test func `a PIN is asked for, and nothing is written until it is right`() async throws {
    try place(old, trust, pin: "1234")
    let before = try HostFiles().readFile(file, limit: 1 << 20)
    try configure(Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.fields[.path] == file.string && failure.fields[.culprit] == "configuration")
      #expect(failure.message.contains("PIN"), "\(failure.message)")
      #expect(try HostFiles().readFile(file, limit: 1 << 20) == before)
      #expect(try await daemon.currentNumber("client") == nil)
    }
    try site.folder.write("pin", bytes: Array("1234\n".utf8))
    try configure(Self.selfSigned, adopt: ", pin-credential: \(site.folder.file("pin"))")
    site.clock.advance(by: .days(1))
    _ = site.recorder.take()
    try await site.settle()
    #expect(try delivered(pin: "1234").identity?.certificate == old.certificate)
  }

  @Test func `another reason is told too, and the same one once`() async throws {
    try place(old, trust, pin: "1234")
    try configure(Self.selfSigned)
    try await site.run { daemon in
      func failures(days: Int = 1) async throws -> [String] {
        for _ in 1...days {
          site.clock.advance(by: .days(1))
          try await daemon.settle()
        }
        return site.recorder.take(.keystoreFailed).map(\.message)
      }
      #expect(try await failures(days: 3).count == 1)
      try HostFiles().removeTree(at: file)
      let missing = try await failures(days: 3)
      #expect(missing.count == 1 && missing.joined().contains("No such file"), "\(missing)")
      for round in 1...3 {
        try place(old, trust, pin: "1234")
        #expect(try await failures() == [], "round \(round)")
        try HostFiles().removeTree(at: file)
        #expect(try await failures() == [], "round \(round)")
      }
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.take(.keystoreFailed).isEmpty, "also after a restart")
    }
  }

  @Test func `what cannot be written again is not taken over`() async throws {
    let unsigned = try PSEContentSample.withUnsignedTrust(of: file)
    try place(unsigned)
    try configure()
    try await site.settle()
    try await site.run { daemon in
      let status = StatusReader.read(
        await daemon.context.landscape.configuration, await daemon.context.landscape.inventory, now: aTime)
      let reason = try #require(status.subjects.first).reason
      #expect(reason.contains("1 trusted certificate without its signature,"), "\(reason)")
      #expect(try HostFiles().readFile(file, limit: 1 << 20) == unsigned)
    }
  }

  @Test(.enabled(Comment(rawValue: Pysap.absence)) { await Pysap.isExpected })
  func `a genuine file is taken over`() async throws {
    let bytes = try await Pysap.fetch().data("pse_v4_lps_off_pbes1_3des_sha1.pse")
    try place(bytes)
    let genuine = try PSEDocument.open(SecretBytes(copying: bytes), pin: SecretBytes(copying: "1234567980".utf8)).read()
    let certificate = try #require(genuine.certificate)
    try site.folder.write("pin", bytes: Array("1234567980".utf8))
    try configure("identity: {self-signed: {subject: CN=next}}", adopt: ", pin-credential: \(site.folder.file("pin"))")
    site.clock.set(certificate.validity.notBefore + day)
    try await site.settle()
    let content = try delivered(pin: "1234567980")
    #expect(content.identity?.certificate == certificate && Set(content.trust) == Set(genuine.trust))
  }
}

/// PSE files that certrotd itself does not make.
private enum PSEContentSample {
  /// The file with one more trusted certificate, of which it has the to-be-signed part only.
  static func withUnsignedTrust(of file: FilePath) throws -> [UInt8] {
    let document = try PSEDocument.open(try HostFiles().readSecretFile(file, limit: 1 << 20))
    // A SEQUENCE that begins with a number, as the to-be-signed part of an old certificate does.
    let content = try document.content.replacingTrust(
      document.content.trust + [.toBeSigned([0x30, 0x03, 0x02, 0x01, 0x01])], changed: aTime)
    return try PSEDocument(version: .two, isPINProtected: false, content: content).encoded().copyBytes()
  }
}
