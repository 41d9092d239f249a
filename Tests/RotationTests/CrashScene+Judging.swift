// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

extension CrashScene {
  /// The generations in force on the eve.
  static let before = ["sap": 1, "sender": 2, "strust": 1]

  private func store(_ keystore: String) -> GenerationStore {
    GenerationShelf(layout: site.layout, files: HostFiles()).store(of: keystore)
  }

  /// Which keystores have a new generation in force, by their links alone.
  func inForce() throws -> Set<String> {
    try Set(Self.before.keys.filter { try store($0).current() != Self.before[$0] })
  }

  /// All of the day's work is done, once, and nothing is left behind.
  ///
  /// A keystore may have been given up `failures` times meanwhile; these numbers are not used again.
  func expectEndOfDay(_ what: Comment, failures: Int = 1) async throws {
    _ = site.recorder.take()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(
        site.recorder.takeNames() == [.started, .configurationApplied], "another start finds nothing to do: \(what)")
      for (keystore, before) in Self.before { try await expect(keystore, after: before, failures, daemon, what) }
      let keys = try await daemon.context.ledger.identities(.serviceKey("sender"))
      #expect(keys.count == 3, "each service key was accepted once: \(what)")
    }
    try expectContents(what)
  }

  private func expect(
    _ keystore: String, after before: Int, _ failures: Int, _ daemon: RunningSite, _ what: Comment
  ) async throws {
    let ledger = daemon.context.ledger
    let number = try #require(try await daemon.currentNumber(keystore))
    let cutOff = number - before - 1
    #expect((0...failures).contains(cutOff), "\(keystore) has generation \(number), \(what)")
    let states = try await ledger.generations(keystore, limit: 20).map(\.state.name).sorted()
    let expected = Array(repeating: "failed", count: cutOff) + Array(repeating: "superseded", count: before)
    #expect(states == ["current"] + expected, "\(keystore), \(what)")
    #expect(try store(keystore).damage(of: number).isEmpty, "\(keystore), \(what)")
    #expect(try store(keystore).list() == [before, number], "\(keystore), \(what)")
    let leftovers = try HostFiles().list(store(keystore).directory(of: number).removingLastComponent())
      .filter { $0.hasPrefix(".") }
    #expect(leftovers.isEmpty, "\(keystore), \(what): \(leftovers)")
    let runs = try site.folder.read("hooks").split(separator: "\n").count { $0 == "\(keystore) \(number)" }
    #expect(
      (1...2).contains(runs), "the hook of \(keystore) ran, again only when its end was not recorded: \(what): \(runs)")
    #expect(try await ledger.pendingHooks().isEmpty, what)
    let told = try await ledger.history(LedgerSubject(.keystore, keystore), limit: 100)
      .count { $0.event == Event.keystoreWritten.rawValue && $0.fields["generation"] == "\(number)" }
    #expect(told == 1, "\(keystore), \(what): told \(told) times")
  }

  /// What the files hold, beside that they are what the ledger says.
  private func expectContents(_ what: Comment) throws {
    let roots = try Set([Authority.one.get().root.certificate, Authority.two.get().root.certificate])
    let pse = try RunningSite.read(site.folder.file("outside.pse"), as: .pse())
    #expect(roots.isSubset(of: pse.trust), what)
    let current = site.layout.keystore("sender").appending("current")
    #expect(
      try HostFiles().readFile(current.appending("cert.pem"), limit: 1 << 16)
        == HostFiles().readFile(site.folder.file("outside.pem"), limit: 1 << 16), what)
  }
}
