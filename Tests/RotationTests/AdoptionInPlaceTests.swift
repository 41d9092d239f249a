// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Glibc
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import PSEFormat
@testable import Rotation

/// Files that take the place of a PSE that was adopted: made as it was, and lacking nothing of it.
struct AdoptionInPlaceTests {
  private let site: Site
  private let old: TestIdentity
  private let trust: [Certificate]
  private let pin = SecretBytes(copying: "1234".utf8)
  private var file: FilePath { site.folder.file("old.pse") }

  init() throws {
    site = try Site()
    old = try Authority.one.get().leaf("old", days: 30) { $0.keyKind = .rsa(bits: 2048) }
    trust = try Authority.two.get().issuing.path
    try site.folder.write("pin", bytes: Array("1234\n".utf8))
  }

  private static let selfSigned = "identity: {self-signed: {subject: CN=old}}"

  private func content(_ change: ([PSEObject]) throws -> [PSEObject] = { $0 }) throws -> PSEContent {
    let identity = Identity(certificate: old.certificate, key: old.key, issuers: old.issuers)
    let whole = try KeystoreWriter.render(.pse(), KeystoreContent(identity: identity, trust: trust), now: aTime)[0]
      .bytes
    let content = try PSEDocument.open(whole).content
    return try PSEContent(
      algorithm: content.algorithm, created: content.created, keyFlag: content.keyFlag, objects: change(content.objects)
    )
  }

  @discardableResult
  private func place(
    _ content: PSEContent, version: PSEVersion = .two, pin: SecretBytes? = nil, mode: UInt16 = 0o600
  ) throws -> [UInt8] {
    let bytes = try PSEDocument(version: version, isPINProtected: pin != nil, content: content).encoded(pin: pin)
    try HostFiles().removeTree(at: file)
    let isRoot = geteuid() == 0
    try HostFiles().createFile(
      at: file, mode: FilePermissions(rawValue: CModeT(mode)), owner: isRoot ? 65_534 : nil,
      group: isRoot ? 65_533 : nil,
      contents: bytes)
    return bytes.copyBytes()
  }

  private func configure(adopt: String? = "", pse: String = "", _ more: String = "") throws {
    try site.configure(
      """
      keystores:
        client:
          \(adopt.map { "adopt: {file: \(file)\($0)}" } ?? "")
          \(more)
          renew-before: 10d
          alert-before: [7d]
          files: [{pse: {path: \(file)\(pse)}}]
      """)
  }

  private var withPIN: String { ", pin-credential: \(site.folder.file("pin"))" }

  private func document(pin: SecretBytes? = nil) throws -> PSEDocument {
    try PSEDocument.open(try HostFiles().readSecretFile(file, limit: 1 << 20), pin: pin)
  }

  private func status(_ daemon: RunningSite) async throws -> SubjectStatus {
    try #require(
      StatusReader.read(
        await daemon.context.landscape.configuration, await daemon.context.landscape.inventory,
        now: daemon.context.clock.now()
      ).subjects.first)
  }

  @Test func `version, PIN, owner, group and mode stay, and the original is kept`() async throws {
    let original = try place(content(), version: .four, pin: pin)
    let before = try HostFiles().status(of: file)
    try configure(adopt: withPIN, Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      let adopted = try #require(site.recorder.take(.keystoreAdopted).first)
      let copy = FilePath(try #require(adopted.fields[.original]))
      #expect(copy.removingLastComponent() == daemon.context.layout.adopted && adopted.message.contains("\(copy)"))
      #expect(try HostFiles().readFile(copy, limit: 1 << 20) == original)
      #expect(try HostFiles().status(of: copy).mode == .ownerReadWrite)
      #expect(try await daemon.currentNumber("client") == 1)
      site.clock.advance(by: .days(21))
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
    }
    let after = try HostFiles().status(of: file)
    #expect((after.owner, after.group, after.mode) == (before.owner, before.group, before.mode))
    let now = try document(pin: pin)
    #expect(now.version == .four && now.isPINProtected && now.content.certificate != old.certificate)
    _ = site.recorder.take()
    #expect(try await site.settle() == [.started, .configurationApplied], "nothing is written again")
  }

  @Test func `a PIN that is taken over is followed when it changes`() async throws {
    try place(content(), version: .four, pin: pin)
    try configure(adopt: withPIN, Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      let before = try document(pin: pin).content.certificate
      try site.folder.write("pin", bytes: Array("2222\n".utf8))
      try await daemon.services.refresher.changed(site.folder.file("pin"))
      try await daemon.settle()
      let now = try document(pin: SecretBytes(copying: "2222".utf8))
      #expect(now.version == .four && now.content.certificate == before)
      #expect(site.recorder.takeNames().last == .keystoreWritten)
    }
  }

  @Test func `what the configuration says goes before that`() async throws {
    try place(content(), version: .four, pin: pin, mode: 0o660)
    try configure(adopt: withPIN, pse: ", version: 2, pin-credential: none, mode: \"0440\", owner: \(geteuid())")
    #expect(try await site.settle().contains(.keystoreWritten))
    let now = try document()
    #expect(now.version == .two && !now.isPINProtected)
    let status = try HostFiles().status(of: file)
    #expect(status.mode == FilePermissions(rawValue: 0o440) && status.owner == geteuid())
  }

  @Test func `a PIN is never lost in silence`() async throws {
    try place(content(), pin: pin)
    try configure(adopt: withPIN, Self.selfSigned)
    try await site.settle()
    let before = try HostFiles().readFile(file, limit: 1 << 20)
    for adopt in ["", nil] as [String?] {
      try configure(adopt: adopt, Self.selfSigned)
      try await site.run { daemon in
        try await daemon.settle()
        let status = try await status(daemon)
        #expect(status.state == .failing && status.reason.contains("'pin-credential: none'"), "\(status)")
        #expect(try HostFiles().readFile(file, limit: 1 << 20) == before)
        let result = try await site.verify("client", daemon)
        let verdict = try #require(result.files.first)
        #expect(verdict.faults == ["has a PIN, and the configuration names no credential for it"], "\(verdict)")
        #expect(verdict.remedy?.contains("'pin-credential'") == true && !result.isGood, "\(verdict)")
        #expect(result.faults.contains { $0.contains("'pin-credential: none'") }, "\(result.faults)")
      }
      let told = site.recorder.take(.keystoreFailed)
      #expect(told.count == (adopt == nil ? 0 : 1), "it is told once, over restarts and reloads: \(told)")
      for failure in told {
        #expect(failure.fields[.culprit] == "configuration" && failure.message.contains("'pin-credential: none'"))
      }
    }
    try configure(adopt: nil, pse: withPIN, Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await status(daemon).state != .failing)
      #expect(try document(pin: pin).isPINProtected)
      #expect(site.recorder.takeNames().contains(.keystoreRecovered))
      #expect(try await site.verify("client", daemon).isGood)
    }
  }

  @Test func `a file elsewhere has the PIN too, unless the configuration says otherwise`() async throws {
    try place(content(), version: .four, pin: pin)
    let (copy, plain) = (site.folder.file("copy.pse"), site.folder.file("plain.pse"))
    try site.configure(
      """
      keystores:
        client:
          adopt: {file: \(file)\(withPIN)}
          \(Self.selfSigned)
          renew-before: 10d
          files: [{pse: {path: \(copy)}}, {pse: {path: own.pse}}, {pse: {path: \(plain), pin-credential: none}}]
      """)
    try await site.run { daemon in
      try await daemon.settle()
      for path in [copy, daemon.context.layout.keystore("client").appending("current").appending("own.pse")] {
        let bytes = try HostFiles().readSecretFile(path, limit: 1 << 20)
        #expect(throws: KeystoreError.self) { try PSEDocument.open(bytes) }
        #expect(try PSEDocument.open(bytes, pin: pin).version == .two, "nothing but the PIN")
      }
    }
    #expect(try HostFiles().status(of: copy).owner == geteuid())
    #expect(try !PSEDocument.open(HostFiles().readSecretFile(plain, limit: 1 << 20)).isPINProtected)
  }

  @Test func `a private key that everybody may use is not written so again`() async throws {
    let before = try place(content(), mode: 0o644)
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.message.contains("mode 0644"), "\(failure.message)")
      #expect(try HostFiles().readFile(file, limit: 1 << 20) == before)
    }
    try configure(pse: ", mode: \"0640\"")
    #expect(try await site.settle().contains(.keystoreWritten))
    #expect(try HostFiles().status(of: file).mode == FilePermissions(rawValue: 0o640))
  }

  @Test func `a lost ledger costs neither PIN nor owner`() async throws {
    try place(content(), version: .four, pin: pin)
    let before = try HostFiles().status(of: file)
    try configure(adopt: withPIN, Self.selfSigned)
    try await site.settle()
    for name in try HostFiles().list(site.layout.root) where name.hasPrefix("ledger.sqlite3") {
      try HostFiles().removeTree(at: site.layout.root.appending(name))
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await status(daemon).state == .ok)
    }
    let after = try HostFiles().status(of: file)
    #expect((after.owner, after.group, after.mode) == (before.owner, before.group, before.mode))
    #expect(try document(pin: pin).version == .four)
  }

  /// `Odd`, of a type that nobody has given a meaning, with two bytes as its value.
  private static let unknown: [UInt8] =
    [0x30, 0x22, 0x30, 0x20, 0x13, 0x03] + Array("Odd".utf8) + [0x18, 0x0f] + Array("20240229235958Z".utf8)
    + [0x06, 0x04, 0x2b, 0x24, 0x02, 0x63, 0x04, 0x02, 0xaa, 0xbb]

  @Test func `objects that certrotd does not know are handed on`() async throws {
    let odd = try PSEKeptObjects(derEncoded: Self.unknown)
    try place(content { $0 + odd.objects })
    try configure(Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      let adopted = try #require(site.recorder.take(.keystoreAdopted).first)
      #expect(adopted.message.contains("Odd (1.3.36.2.99)"), "\(adopted.message)")
      #expect(try document().content.unknownObjects == odd.objects)
      #expect(try await daemon.context.ledger.adoption(of: "client")?.keptNames == ["Odd (1.3.36.2.99)"])
    }
    try await site.run { daemon in
      site.clock.advance(by: .days(21))
      try await daemon.settle()
      let renewed = try document().content
      #expect(renewed.certificate != old.certificate && renewed.unknownObjects == odd.objects)
    }
  }

  @Test(arguments: [false, true]) func `missing issuers come from a bundle`(holdsRoot: Bool) async throws {
    let lacking: [PSEObjectType] = [.forwardPath, .certificateList] + (holdsRoot ? [] : [.root])
    let before = try place(
      content { $0.filter { object in !lacking.contains { "\($0.identifier)" == "\(object.type)" } } })
    try configure("trust: {bundles: [\(site.folder.file("roots.pem"))]}")
    try site.folder.write("roots.pem", trust.pem)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.message.contains("issuer CN=One Issuing"), "\(failure.message)")
      #expect(try HostFiles().readFile(file, limit: 1 << 20) == before)
      try site.folder.write("roots.pem", (trust + old.issuers).pem)
      try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.keystoreWritten))
    }
    let content = try document().read().content
    #expect(content.identity?.chain == old.path)
  }

  @Test func `certificates beside the chain are named, and left out when an operator says so`() async throws {
    let other = try Authority.two.get().root.certificate
    try place(
      content { objects in
        objects.map { object in
          guard case .certificateList(let list) = object.value else { return object }
          return PSEObject(
            .certificateList, created: object.created,
            value: .certificateList(PSECertificateSet(list.certificates + [other])))
        }
      })
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.message.contains("without: [\"sha256:\(other.fingerprint)\"]"), "\(failure.message)")
    }
    try configure(adopt: ", without: [\"sha256:\(other.fingerprint)\"]")
    #expect(try await site.settle().contains(.keystoreWritten))
    #expect(try document().read().content.identity?.chain == old.path)
  }

  @Test func `an identity that has ended and has no successor is a fault`() async throws {
    try place(content())
    try configure()
    site.clock.advance(by: .days(33))
    try await site.run { daemon in
      try await daemon.settle()
      let status = try await status(daemon)
      #expect(status.state == .failing)
      #expect(status.reason.contains("taken over from \(file) ended at ") && status.reason.contains("3 d"))
      #expect(status.reason.contains("'identity'"))
      let told = site.recorder.take()
      #expect(told.map(\.event).contains(.certificateExpired))
      let adopted = told.filter { $0.event == .keystoreAdopted }
      #expect(adopted.map(\.message).joined().contains("which ended at"))
    }
    try configure(Self.selfSigned)
    #expect(try await site.settle().contains(.keystoreWritten))
  }
}
