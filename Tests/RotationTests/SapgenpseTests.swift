// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Keystores that SAP's own tool writes, or writes credentials for, with a program that stands in for it.
struct SapgenpseTests {
  private let site: Site
  private let tool: SapgenpseStandIn
  private let leaf: TestIdentity
  private let trust: [Certificate]

  init() throws {
    site = try Site()
    leaf = try Authority.one.get().leaf("client") { $0.keyKind = .rsa(bits: 2048) }
    trust = try Authority.two.get().issuing.path
    let other = try Authority.two.get().leaf("other") { $0.keyKind = .rsa(bits: 2048, index: 1) }
    try site.folder.write("certificate.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    try site.folder.write("trust.pem", trust.pem)
    tool = try SapgenpseStandIn(
      imported: try Self.pse(leaf, []), complete: try Self.pse(leaf, trust), other: try Self.pse(other, trust))
  }

  private static func pse(_ identity: TestIdentity, _ trust: [Certificate]) throws -> SecretBytes {
    let content = KeystoreContent(
      identity: Identity(certificate: identity.certificate, key: identity.key, issuers: identity.issuers),
      trust: trust)
    return try KeystoreWriter.render(.pse(), content, now: aTime)[0].bytes
  }

  private func configure(_ file: String, identity: String? = nil) throws {
    let usual =
      "{pem: {certificate: \(site.folder.file("certificate.pem")), key: \(site.folder.file("key.pem"))}}"
    try site.configure(
      """
      keystores:
        client:
          identity: \(identity ?? usual)
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files: [{pse: {path: \(site.folder.file("out.pse")), \(file)}}]
      """)
  }

  private func written(_ deadline: String = "300s") throws {
    try configure("writer: sapgenpse, sapgenpse: {program: \(tool.program), deadline: \(deadline)}")
  }

  private func delivered(pin: String? = nil) throws -> KeystoreContent {
    let options = FileFormat.PSEOptions(pin: pin.map { SecretBytes(copying: $0.utf8) })
    return try RunningSite.read(site.folder.file("out.pse"), as: .pse(options))
  }

  @Test func `the tool makes the file, judged and delivered like any other`() async throws {
    try written()
    #expect(try await site.settle() == [.started, .configurationApplied, .identityRenewed, .keystoreWritten])
    let content = try delivered()
    #expect(content.identity?.certificate == leaf.certificate && Set(content.trust) == Set(trust))
    let calls = try tool.calls
    #expect(calls.map { $0.split(separator: " ")[0] } == ["import_p12", "maintain_pk"])
    #expect(calls.allSatisfy { $0.contains(" -p \(site.layout.scratch)/sapgenpse-") })
    #expect(try tool.folder.read("trusted") == "\(trust.count)\n")
    let left = try HostFiles().list(site.layout.scratch).filter { $0.hasPrefix("sapgenpse-") }
    #expect(left.isEmpty, "its folder is removed")
    #expect(try await site.settle() == [.started, .configurationApplied], "nothing is written twice")
  }

  @Test(arguments: [
    (SapgenpseStandIn.Behaviour.silent, "import_p12 ended with exit status 1, and printed nothing"),
    (.crashes, "import_p12 was ended by signal 11"),
    (.broken, "is not used: "),
    (.wrongPIN, "did not accept what it was given, and printed “ERROR in opening PSE (Wrong PIN/Passphrase)”"),
    (.wrongPINWithoutStatus, "did not accept what it was given"),
    (.noFile, "import_p12 ended with exit status 0 and left no file"),
    (.otherIdentity, "is not used: "),
    (.losesTrust, "is not used: "),
  ])
  func `whatever the tool does wrong has its name, and the old file stays`(
    behaviour: SapgenpseStandIn.Behaviour, words: String
  ) async throws {
    try configure("writer: native")
    try await site.settle()
    let before = try HostFiles().readFile(site.folder.file("out.pse"), limit: 1 << 20)
    try written()
    try tool.behave(behaviour)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.fields[.reason]?.contains(words) == true, "\(failure.fields)")
      #expect(failure.message.contains("\(tool.program)") && failure.fields[.culprit] == "host")
      #expect(try HostFiles().readFile(site.folder.file("out.pse"), limit: 1 << 20) == before)
      #expect(try await daemon.currentNumber("client") == 1)
      try tool.behave(.good)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames().suffix(2) == [.keystoreWritten, .keystoreRecovered])
    }
    #expect(try delivered().identity?.certificate == leaf.certificate)
  }

  @Test func `a tool that waits for input is ended`() async throws {
    try written("1s")
    try tool.behave(.waits)
    try await site.settle()
    try await site.run { daemon in
      let reason = try await daemon.context.ledger.generations("client", limit: 1).first.map { "\($0.state)" }
      #expect(reason?.contains("did not end before its deadline and was ended") == true, "\(reason ?? "")")
    }
  }

  @Test func `a tool that is not there is the configuration's mistake`() async throws {
    try written()
    try await site.run { daemon in
      try HostFiles().removeTree(at: tool.program)
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.fields[.culprit] == "configuration" && failure.message.contains("could not be started"))
    }
  }

  @Test func `what a crash left in the folder for the tool is removed at the start`() async throws {
    try written()
    try await site.settle()
    try HostFiles().makeDirectory(at: site.layout.scratch.appending("sapgenpse-1"), mode: .ownerReadWriteExecute)
    try await site.settle()
    #expect(try HostFiles().linkStatusIfPresent(of: site.layout.scratch.appending("sapgenpse-1")) == nil)
  }
}
