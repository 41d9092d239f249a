// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Journal
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A credential that can no longer be used is told of before a renewal needs it.
struct CredentialFaultTests {
  private let site: Site
  private let credential: FilePath

  init() throws {
    site = try Site()
    credential = site.folder.file("password")
    try site.folder.write("trust.pem", try Authority.one.get().issuing.path.pem)
    try site.folder.write("password", bytes: "the first one\n".utf8)
  }

  enum Kind: String, CaseIterable {
    case pfx = "pfx: {path: client.pfx, password-credential: PASSWORD}"
    case pse = "pse: {path: client.pse, pin-credential: PASSWORD}"
    case truststore = "java-truststore: {path: trust.p12, password-credential: PASSWORD}"
  }

  private func configure(_ kind: Kind) throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - \(kind.rawValue.replacing("PASSWORD", with: credential.string))
      """)
  }

  enum Damage: String, CaseIterable {
    case emptied, badCharacters, wrongMode, gone

    var sentence: String {
      switch self {
      case .emptied: "is empty"
      case .badCharacters: "write another one into it"
      case .wrongMode: "chmod 0600"
      case .gone: "put it back"
      }
    }
  }

  private func apply(_ damage: Damage, to kind: Kind) throws {
    let files = HostFiles()
    switch damage {
    case .emptied: try site.folder.write("password", bytes: [UInt8]())
    case .badCharacters: try site.folder.write("password", bytes: kind == .pse ? "pin\u{e4}".utf8 : "a\0b".utf8)
    case .wrongMode:
      try files.replaceFile(
        at: credential, mode: [.ownerReadWrite, .groupRead], contents: files.readSecretFile(credential, limit: 100))
    case .gone: try files.removeTree(at: credential)
    }
  }

  private func state(_ daemon: RunningSite) async throws -> SubjectStatus {
    let landscape = daemon.context.landscape
    let status = StatusReader.read(
      await landscape.configuration, await landscape.inventory, now: site.clock.now())
    return try #require(status.subjects.first)
  }

  @Test(arguments: Kind.allCases, Damage.allCases)
  func `it is told once with a remedy, counted, and told again when it is over`(
    kind: Kind, damage: Damage
  ) async throws {
    try configure(kind)
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try apply(damage, to: kind)
      try await daemon.services.refresher.changed(credential)
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.credentialUnusable])
      let reason = try #require(told.first?.fields[.reason])
      #expect(reason.contains(damage.sentence) && reason.contains(credential.string), "\(reason)")
      #expect(told.first?.fields[.keystore] == "client" && told.first?.fields[.culprit] == "configuration")
      #expect(try await state(daemon).state == .failing)
      #expect(try await state(daemon).reason == reason)

      try await daemon.refresh()
      try await daemon.services.keeper.rereadLedger()
      #expect(site.recorder.takeNames() == [], "it is news once")
      #expect(try await state(daemon).reason == reason, "other processes know it from the ledger")

      try HostFiles().replaceFile(
        at: credential, mode: .ownerReadWrite, contents: SecretBytes(copying: Array("the first one\n".utf8)))
      try await daemon.services.refresher.changed(credential)
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreRecovered])
      #expect(try await state(daemon).state == .ok)
      #expect(try await daemon.currentNumber("client") == 1, "the files had the password all the time")
    }
  }

  @Test func `what happened while the daemon was down is told after its start, and once`() async throws {
    try configure(.pfx)
    try await site.settle()
    try apply(.emptied, to: .pfx)
    #expect(try await site.settle() == [.started, .configurationApplied, .credentialUnusable])
    #expect(try await site.settle() == [.started, .configurationApplied])
    try site.folder.write("password", bytes: "the second one\n".utf8)
    #expect(try await site.settle() == [.started, .configurationApplied, .keystoreRecovered, .keystoreWritten])
  }
}
