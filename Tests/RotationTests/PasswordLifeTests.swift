// SPDX-License-Identifier: Apache-2.0

import Delivery
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The password of a PFX file and the PIN of a PSE change in the file that their credential names.
struct PasswordLifeTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.folder.write("trust.pem", try Authority.one.get().issuing.path.pem)
    try setPassword("the first one\n")
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - pfx: {path: client.pfx, password-credential: \(site.folder.file("password")), profile: legacy}
            - pse: {path: client.pse, pin-credential: \(site.folder.file("password"))}
            - java-truststore: {path: trust.p12, password-credential: \(site.folder.file("password"))}
      """)
  }

  private func setPassword(_ text: String) throws { try site.folder.write("password", bytes: text.utf8) }

  private func opens(_ password: String, _ daemon: RunningSite) throws -> Bool {
    let folder = daemon.context.layout.keystore("client").appending("current")
    let pse = try HostFiles().readSecretFile(folder.appending("client.pse"), limit: 1 << 20)
    _ = try PSEDocument.open(pse, pin: SecretBytes(copying: password.utf8))
    return try ["client.pfx", "trust.p12"].allSatisfy { name in
      try PKCS12.opens(
        HostFiles().readSecretFile(folder.appending(name), limit: 1 << 20),
        password: SecretBytes(copying: password.utf8))
    }
  }

  @Test func `a new password rebuilds the files at once, with the same identity`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try opens("the first one", daemon))
      let leaf = try await daemon.context.ledger.currentGeneration("client")?.leaf
      try await daemon.services.refresher.changed(site.folder.file("password"))
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1, "a file that was touched has not changed")
      _ = site.recorder.take()

      try setPassword("the second one")
      try await daemon.services.refresher.changed(site.folder.file("password"))
      try await daemon.settle()
      let events = site.recorder.take()
      #expect(events.map(\.event) == [.keystoreWritten])
      #expect(events.first?.fields[.reason] == "the password of a file has changed")
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try opens("the second one", daemon))
      #expect(try await daemon.context.ledger.currentGeneration("client")?.leaf == leaf)
      #expect(
        events.allSatisfy { event in
          ([event.message] + event.fields.values).allSatisfy { !$0.contains("the second one") }
        })
    }
  }

  @Test func `a change while the daemon was down, or that went unnoticed, is found`() async throws {
    try await site.settle()
    try setPassword("the second one")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try opens("the second one", daemon))
      try setPassword("the third one")
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      try await daemon.refresh()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try opens("the third one", daemon))
    }
    _ = site.recorder.take()
    #expect(try await site.settle() == [.started, .configurationApplied])
  }

  @Test func `a start opens no file, and what was found of one outlasts a reload`() async throws {
    try await site.settle()
    try setPassword("the second one")
    try await site.run(reviewing: false) { daemon in
      let landscape = daemon.context.landscape
      #expect(await landscape.inventory.keystores["client"]?.passwordChanged == false)
      try await daemon.services.passwords.review()
      #expect(await landscape.inventory.keystores["client"]?.passwordChanged == true)
      try await daemon.services.keeper.reload()
      try await daemon.services.keeper.rereadLedger()
      #expect(await landscape.inventory.keystores["client"]?.passwordChanged == true)
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try opens("the second one", daemon))
    }
  }

  @Test func `a credential that comes back is tried at once`() async throws {
    try await site.run { daemon in
      try HostFiles().removeTree(at: site.folder.file("password"))
      try await daemon.settle()
      #expect(site.recorder.takeNames().last == .keystoreFailed)
      try setPassword("the first one")
      try await daemon.services.refresher.changed(site.folder.file("password"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreWritten, .keystoreRecovered])
    }
  }

  @Test func `another reason why a password cannot be used is told, each once`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      func told() async throws -> [Event] {
        try await daemon.services.passwords.review()
        return site.recorder.takeNames()
      }
      try setPassword("")
      #expect(try await told() == [.credentialUnusable])
      #expect(try await told().isEmpty)
      try HostFiles().removeTree(at: site.folder.file("password"))
      #expect(try await told() == [.credentialUnusable], "somebody put it away instead of writing into it")
      try setPassword("")
      #expect(try await told().isEmpty, "the first one again")
      try setPassword("the first one")
      #expect(try await told() == [.keystoreRecovered])
      try setPassword("")
      #expect(try await told() == [.credentialUnusable])
    }
  }

  @Test(.timeLimit(.minutes(5))) func `credential files are watched`() async throws {
    try await site.run { daemon in
      try setPassword("the second one")
      for try await path in daemon.services.watcher where path == site.folder.file("password") { break }
    }
  }
}
