// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Going back to files that were made under another password than their credential holds now.
struct RollbackPasswordTests {
  private let site: Site
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    site = try Site()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
    try site.folder.write("trust.pem", one.pem)
    try setPassword("the first one")
    try configure()
  }

  private func configure(alias: String = "host") throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          overlap: 400d
          files:
            - pfx: {path: \(site.folder.file("client.pfx")), password-credential: \(site.folder.file("password")), alias: \(alias)}
            - pse: {path: client.pse, pin-credential: \(site.folder.file("password"))}
      """)
  }

  private func setPassword(_ text: String) throws { try site.folder.write("password", bytes: text.utf8) }

  private func change(_ file: String, _ daemon: RunningSite) async throws {
    try await daemon.services.refresher.changed(site.folder.file(file))
    try await daemon.settle()
  }

  private func trust(openedWith password: String, _ daemon: RunningSite) throws -> Set<Certificate> {
    let password = SecretBytes(copying: password.utf8)
    let pfx = FileFormat.pfx(.init(password: password, profile: .modern, alias: "host"))
    _ = try RunningSite.read(site.folder.file("client.pfx"), as: pfx)
    return try Set(daemon.read("client", "client.pse", as: .pse(.init(pin: password))).trust)
  }

  private func rollBack(
    _ daemon: RunningSite, to target: Int? = 1
  ) async throws -> Rollback.Outcome {
    let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
    let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
    return try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: target)
  }

  /// Two generations, the second with more trust, and after that another password; what `body` does stays so afterwards.
  private func withNewPassword(_ body: (RunningSite) async throws -> Void) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try site.folder.write("trust.pem", (one + two).pem)
      try await change("trust.pem", daemon)
      try setPassword("the second one")
      try await change("password", daemon)
      #expect(try await daemon.currentNumber("client") == 3)
      _ = site.recorder.take()
      try await body(daemon)
    }
  }

  @Test func `the content comes back under the password of now, and is held`() async throws {
    try await withNewPassword { daemon in
      let done = try await rollBack(daemon)
      #expect(done.wanted == 1 && done.inForce == 4)
      #expect(site.recorder.takeNames() == [.keystoreWritten, .keystoreRolledBack])
      #expect(try trust(openedWith: "the second one", daemon) == Set(one))
      let states = try await daemon.context.ledger.generations("client", limit: 9).map(\.state.name)
      #expect(states == ["current", "rolled-back", "superseded", "superseded"])
      try await daemon.services.keeper.rereadLedger()
      try await daemon.services.passwords.review()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 4, "what was withdrawn is not written again")
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 4, "across restarts")
      #expect(await daemon.context.landscape.inventory.keystores["client"]?.heldContent != nil)
    }
  }

  @Test func `a password that changes while a rollback is held changes in the files too`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try site.folder.write("trust.pem", (one + two).pem)
      try await change("trust.pem", daemon)
      #expect(try await rollBack(daemon).inForce == 1)
      try await daemon.services.keeper.rereadLedger()
      try setPassword("the second one")
      try await change("password", daemon)
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try trust(openedWith: "the second one", daemon) == Set(one))
      try await daemon.services.keeper.rereadLedger()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(await daemon.context.landscape.inventory.keystores["client"]?.heldContent != nil)
    }
  }

  @Test func `a generation of which only the password differs is passed over`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try site.folder.write("trust.pem", (one + two).pem)
      try await change("trust.pem", daemon)
      try setPassword("the second one")
      try await change("password", daemon)
      #expect(try await daemon.currentNumber("client") == 3)
      let outcome = try await rollBack(daemon, to: nil)
      #expect(outcome.wanted == 1 && outcome.skipped.map(\.generation) == [2], "\(outcome)")
      #expect(try trust(openedWith: "the second one", daemon) == Set(one))
    }
  }

  @Test func `where nothing but the password differs, there is nothing to go back to`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try setPassword("the second one")
      try await change("password", daemon)
      await #expect(throws: RollbackError.onlyPassword("client", 1)) { try await rollBack(daemon) }
      #expect(try trust(openedWith: "the second one", daemon) == Set(one))
    }
  }

  @Test func `what cannot be made anew changes nothing`() async throws {
    try await withNewPassword { daemon in
      let blocked = site.folder.file("client.pfx")
      let bytes = try HostFiles().readFile(blocked, limit: 1 << 20)
      try HostFiles().removeTree(at: blocked)
      try HostFiles().makeDirectory(at: blocked, mode: .ownerReadWriteExecute)
      try site.folder.write("client.pfx/somebody's", "x")
      let error = await #expect(throws: RollbackError.self) { try await rollBack(daemon) }
      guard case .otherPassword("client", 1, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      try HostFiles().removeTree(at: blocked)
      try site.folder.write("client.pfx", bytes: bytes)
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try trust(openedWith: "the second one", daemon) == Set(one + two))
    }
  }
}
