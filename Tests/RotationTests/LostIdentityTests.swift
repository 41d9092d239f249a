// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What is dropped in after the ledger was lost, while consumers work with files that it was not dropped in for.
struct LostIdentityTests {
  private let site: Site
  private let authority: Authority
  private let inForce: TestIdentity

  init() async throws {
    site = try Site()
    authority = try Authority.one.get()
    inForce = try authority.leaf("sender", days: 120)
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try drop(inForce)
  }

  private func drop(_ identity: TestIdentity) throws {
    try site.folder.write("sender.json", bytes: identity.serviceKeyJSON().utf8)
  }

  private func configure(identity: String = "{service-key: sender}") throws {
    try site.configure(
      """
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
        other: {from: {file: \(site.folder.file("other.json"))}, verify: none}
      keystores:
        client:
          identity: \(identity)
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.pem}}, {ca-directory: {path: trusted}}]
      """)
  }

  private func loseLedger() throws {
    for suffix in ["", "-wal", "-shm"] {
      try HostFiles().removeTree(at: FilePath(site.layout.ledger.string + suffix))
    }
    _ = site.recorder.take()
  }

  /// The certificate that consumers have.
  private func delivered() throws -> Certificate? {
    let file = site.layout.keystore("client").pushing("current/cert.pem")
    return try PEMReader.certificates(in: HostFiles().readFile(file, limit: 1 << 20)).first
  }

  @Test(arguments: [true, false])
  func `a key that ends earlier than the one in the files is rejected`(isLater: Bool) async throws {
    try configure()
    try await site.settle()
    try loseLedger()
    try HostFiles().removeTree(at: site.folder.file("sender.json"))
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let next = try authority.leaf("sender", days: isLater ? 150 : 90)
      try drop(next)
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      try await daemon.settle()
      let told = site.recorder.take()
      guard !isLater else {
        #expect(told.map(\.event) == [.keyAccepted, .keystoreWritten])
        #expect(try delivered() == next.certificate)
        return
      }
      #expect(told.map(\.event) == [.keyRejected])
      #expect(told.first?.message.contains("the one in force stays") == true, "\(told)")
      #expect(told.first?.fields[.reason]?.contains("--force") == true, "\(told)")
      #expect(try delivered() == inForce.certificate)

      let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
      let intake = daemon.services.dispatcher.serviceKeys
      let bytes = try SecretBytes(copying: Array(next.serviceKeyJSON().utf8))
      guard case .rejected = try await intake.take(settings, offered: bytes, force: false),
        case .accepted = try await intake.take(settings, offered: bytes, force: true)
      else {
        Issue.record("only who insists may import it")
        return
      }
    }
  }

  @Test func `the key in the files is simply taken over again, and so is an earlier one of another`() async throws {
    try configure()
    try await site.settle()
    try loseLedger()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .ledgerMissing, .configurationApplied, .keyAccepted])
      #expect(try await daemon.currentNumber("client") == 1)
      // The ledger knows now whose the certificate in the files is.
      let other = try authority.leaf("other", days: 60)
      try site.folder.write("other.json", bytes: other.serviceKeyJSON().utf8)
      try configure(identity: "{service-key: other}")
      try await daemon.services.keeper.reload()
      try await daemon.services.refresher.changed(site.folder.file("other.json"))
      try await daemon.settle()
      #expect(try delivered() == other.certificate)
    }
  }

  @Test func `without the link to the generation in force, the newest on disk counts`() async throws {
    try configure()
    try await site.settle()
    try loseLedger()
    try HostFiles().removeTree(at: site.layout.keystore("client").appending("current"))
    try drop(try authority.leaf("sender", days: 90))
    #expect(try await site.settle() == [.started, .ledgerMissing, .configurationApplied, .keyRejected])
  }

  @Test(arguments: [(90.0, true), (150.0, false)])
  func `PEM files that end earlier than the delivered ones are taken over with a warning`(
    days: Double, isEarlier: Bool
  ) async throws {
    func put(_ leaf: TestIdentity) throws {
      try site.folder.write("certificate.pem", leaf.path.pem)
      try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    }
    try put(inForce)
    try HostFiles().removeTree(at: site.folder.file("sender.json"))
    try configure(
      identity: "{pem: {certificate: \(site.folder.file("certificate.pem")), key: \(site.folder.file("key.pem"))}}")
    try await site.settle()
    try loseLedger()
    try put(try authority.leaf("sender", days: days))
    try await site.settle()
    try await site.run { daemon in
      let history = try await daemon.context.ledger.history(LedgerSubject(.keystore, "client"), limit: 9)
      let told = try #require(history.last { $0.event == Event.identityRenewed.rawValue })
      #expect(told.message.contains("ends earlier than the one before") == isEarlier, "\(told)")
    }
  }

  @Test func `PEM files that hold what is delivered are taken over again, and nobody is told of a new identity`()
    async throws
  {
    try site.folder.write("certificate.pem", inForce.path.pem)
    try site.folder.write("key.pem", bytes: try inForce.key.pem(.pkcs8).copyBytes())
    try HostFiles().removeTree(at: site.folder.file("sender.json"))
    try configure(
      identity: "{pem: {certificate: \(site.folder.file("certificate.pem")), key: \(site.folder.file("key.pem"))}}")
    #expect(try await site.settle().contains(.identityRenewed))
    try loseLedger()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .ledgerMissing, .configurationApplied])
      #expect(try await daemon.context.ledger.currentEntry(.pem("client"))?.leaf == inForce.certificate)
      #expect(try await daemon.currentNumber("client") == 1)
    }
  }
}
