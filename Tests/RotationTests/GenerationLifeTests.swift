// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
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

/// Generations through crashes, damage, rollback, and hooks that fail.
///
/// The keystores trust bundles only: no network.
struct GenerationLifeTests {
  private let site: Site
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    site = try Site()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
    try site.folder.write("trust.pem", one.pem)
    try configure()
  }

  private func configure(identity: String = "none", hook: String? = nil) throws {
    try site.configure(
      """
      keystores:
        client:
          identity: \(identity)
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          overlap: 1d
          files:
            - pse: {path: client.pse}
            - pse: {path: \(site.folder.file("outside.pse"))}
          \(hook.map { "after-change: [\($0)]" } ?? "")
      """)
  }

  private static let selfSigned = "{self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}"

  private func change(_ certificates: [Certificate], _ daemon: RunningSite) async throws {
    try site.folder.write("trust.pem", certificates.pem)
    try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
    try await daemon.settle()
  }

  private func outside() throws -> KeystoreContent { try RunningSite.read(site.folder.file("outside.pse"), as: .pse()) }

  @Test func `what was judged good before a crash is put in force after it`() async throws {
    try configure(hook: "[/bin/true]")
    try await site.run { daemon in
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let outputs = try KeystoreOutput.resolve(settings, credentials: daemon.context.credentials)
      let content = KeystoreContent(identity: nil, trust: one + two)
      _ = try await daemon.context.ledger.record(
        [EndpointObservation(endpoint: "x", verdict: .verified(path: try #require(CertificatePath(two))), chain: two)],
        at: aTime)
      let number = try await daemon.context.ledger.beginGeneration(
        NewGeneration(
          keystore: "client", recipe: settings.filesRecipe, leaf: nil, trust: content.trust.map(\.fingerprint).sorted(),
          reason: "a test"), at: aTime)
      let rendered = try outputs.map { try KeystoreWriter.render($0.format, content, now: aTime) }
      let items = GenerationShelf.items(outputs, rendered)
      try daemon.store("client").stage(number, DeliverySet(items))
      try await daemon.context.ledger.markGeneration("client", number, .staged, at: aTime)
      #expect(try daemon.store("client").current() == 1)
      _ = site.recorder.take()
    }
    // The bundle meanwhile holds both, so that the plan is content with what was staged.
    try site.folder.write("trust.pem", (one + two).pem)
    try await site.run { daemon in
      #expect(try await daemon.currentNumber("client") == 2)
      let told = site.recorder.take(.keystoreWritten)
      #expect(told.count == 1 && told.first?.fields[.previousGeneration] == "1")
      #expect(told.first?.message.contains("a test; certrotd ended before") == true)
      #expect(try Set(outside().trust) == Set(one + two))
      #expect(try await daemon.context.ledger.pendingHooks().map(\.generation) == [2], "it owes its hooks")
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try await daemon.context.ledger.pendingHooks().isEmpty)
    }
  }

  @Test func `what was only begun before a crash is given up and written anew`() async throws {
    try await site.run { daemon in
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      _ = try await daemon.context.ledger.beginGeneration(
        NewGeneration(keystore: "client", recipe: settings.filesRecipe, leaf: nil, trust: [], reason: "a test"),
        at: aTime)
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      let states = try await daemon.context.ledger.generations("client", limit: 9).map(\.state.name)
      #expect(states == ["current", "failed"])
    }
  }

  @Test func `going from one making of the same content to another does not end the hold`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await change(one + two, daemon)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
      let rollback = Rollback(context: daemon.context, shelf: shelf)
      _ = try await rollback.run(settings, to: 1)
      try await daemon.services.keeper.rereadLedger()
      // Both the files and their copies are damaged, so that the same content is made anew.
      let copy = site.folder.file("state/keystores/client/generations/000001/client.pse")
      let (whole, mode) = try (HostFiles().readSecretFile(copy, limit: 1 << 20), HostFiles().status(of: copy).mode)
      for place in ["outside.pse", "state/keystores/client/generations/000001/client.pse"] {
        try site.folder.write(place, bytes: [0])
      }
      try await daemon.refresh()
      try await daemon.settle()
      let again = try #require(try await daemon.currentNumber("client"))
      #expect(again == 3)
      try HostFiles().replaceFile(at: copy, mode: mode, contents: whole)
      _ = try await rollback.run(settings, to: 1)
      try await daemon.services.keeper.rereadLedger()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1)
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1)
    }
  }

  @Test func `a rollback is held until the content changes`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await change(one + two, daemon)
      #expect(try await daemon.currentNumber("client") == 2)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
      _ = site.recorder.take()
      #expect(try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: nil).inForce == 1)
      #expect(site.recorder.takeNames() == [.keystoreRolledBack])
      try await daemon.services.keeper.rereadLedger()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(try Set(outside().trust) == Set(one))
      #expect(site.recorder.takeNames().isEmpty)
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1, "it is held across restarts")
      let third = try Authority("Three").root.certificate
      try await change(one + two + [third], daemon)
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try Set(outside().trust) == Set(one + two + [third]))
    }
  }

  @Test func `a rollback that the ledger does not take leaves everything as it was`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await change(one + two, daemon)
      let now = try #require(try await daemon.currentNumber("client"))
      _ = site.recorder.take()
      // A ledger that takes nothing, as on a full disk.
      let layout = daemon.context.layout
      let ledger = try LedgerStore.open(
        at: layout.ledger, sealing: layout.sealingSource(credentialsFolder: nil, files: HostFiles()), access: .readOnly,
        options: .command, now: site.clock.now()
      ).store
      let context = RotationContext(
        layout: layout, ledger: ledger, landscape: daemon.context.landscape, credentials: daemon.context.credentials,
        files: HostFiles(), clock: site.clock, events: site.recorder.events, logger: daemon.context.logger)
      let rollback = Rollback(context: context, shelf: GenerationShelf(layout: layout, files: HostFiles()))
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      await #expect(throws: LedgerError.self) { try await rollback.run(settings, to: 1) }
      #expect(try await daemon.currentNumber("client") == now)
      #expect(try daemon.store("client").damage(of: now).isEmpty, "what lies outside is back too")
      #expect(site.recorder.takeNames().isEmpty)
      try ledger.close()
    }
  }

  @Test func `a rollback that is not possible says what is kept`() async throws {
    try await site.run { daemon in
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let rollback = Rollback(
        context: daemon.context, shelf: GenerationShelf(layout: daemon.context.layout, files: HostFiles()))
      await #expect(throws: RollbackError.noGeneration("client")) { try await rollback.run(settings, to: nil) }
      try await daemon.settle()
      await #expect(throws: RollbackError.notKept("client", nil, current: 1, kept: [])) {
        try await rollback.run(settings, to: nil)
      }
      await #expect(throws: RollbackError.notKept("client", 7, current: 1, kept: [])) {
        try await rollback.run(settings, to: 7)
      }
      #expect(try await daemon.currentNumber("client") == 1)
    }
    let texts = [
      (RollbackError.notKept("client", 99, current: 3, kept: [1, 2]), "generation 3 is in force, and kept are 1, 2"),
      (.notKept("client", 3, current: 3, kept: [1]), "generation 3 of keystore client is in force already"),
      (.notKept("client", nil, current: 1, kept: []), "generation 1 is in force, and no other is kept"),
    ]
    for (error, text) in texts { #expect(error.description.contains(text), "\(error)") }
  }

  @Test func `a keystore whose folder was removed is told of before it is written again`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try HostFiles().removeTree(at: daemon.context.layout.keystores)
      try HostFiles().makeDirectory(at: daemon.context.layout.keystores, mode: .ownerReadWriteExecute)
      try await daemon.refresh()
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreDamaged, .keystoreWritten, .keystoreRecovered])
      #expect(told.first?.fields[.path].map { FilePath($0).isAbsolute } == true)
      #expect(told.allSatisfy { !$0.message.contains("NAME") }, "\(told)")
    }
  }

  @Test(arguments: ["outside.pse", "state/keystores/client/current/client.pse"], [true, false])
  func `a file that somebody changed is put back`(file: String, isRemoved: Bool) async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      if isRemoved {
        try HostFiles().removeTree(at: site.folder.file(file))
      } else {
        try site.folder.write(file, bytes: [0])
      }
      try await daemon.refresh()
      try await daemon.settle()
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(one))
      #expect(try Set(outside().trust) == Set(one))
      let told = site.recorder.take()
      let others = told.map(\.event).filter { $0 != .keystoreWritten }
      #expect(others == [.keystoreDamaged, .keystoreRecovered])
      #expect(
        told.first?.fields[.path].map { FilePath($0).lastComponent } == site.folder.file(file).lastComponent)
      try await daemon.refresh()
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
    }
  }

  @Test func `a folder that cannot be written to is told once, retried and recovered from`() async throws {
    let blocked = site.folder.file("outside.pse")
    try HostFiles().makeDirectory(at: blocked, mode: .ownerReadWriteExecute)
    try site.folder.write("outside.pse/somebody's", "x")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keystoreFailed])
      #expect(try daemon.store("client").current() == nil)
      site.clock.advance(by: .minutes(2))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
      try HostFiles().removeTree(at: blocked)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreWritten, .keystoreRecovered])
    }
  }

  @Test func `a restart and a reload try a failed write at once, and the backoff goes on`() async throws {
    let blocked = site.folder.file("outside.pse")
    func block() throws {
      try HostFiles().makeDirectory(at: blocked, mode: .ownerReadWriteExecute)
      try site.folder.write("outside.pse/somebody's", "x")
    }
    try block()
    #expect(try await site.settle() == [.started, .configurationApplied, .keystoreFailed])
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied], "that it still fails is no news")
      let writing = try #require(await daemon.context.landscape.inventory.keystores["client"]).writing
      #expect(writing.failures == 2)
      #expect(try #require(writing.nextAttempt) > site.clock.now() + 100)
      try HostFiles().removeTree(at: blocked)
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty, "nobody said that it would help")
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.configurationApplied, .keystoreWritten, .keystoreRecovered])
      try HostFiles().removeTree(at: blocked)
      try block()
      try await change(two, daemon)
      #expect(site.recorder.takeNames() == [.keystoreFailed])
      try HostFiles().removeTree(at: blocked)
    }
    #expect(
      try await site.settle() == [.started, .configurationApplied, .keystoreWritten, .keystoreRecovered])
  }

  @Test func `a hook runs at least once, with backoff and across restarts`() async throws {
    let flag = site.folder.file("flag")
    try configure(hook: "[/usr/bin/test, -e, \(flag)]")
    try await site.run { daemon in
      try await daemon.settle()
      let events = site.recorder.take()
      #expect(events.map(\.event) == [.started, .configurationApplied, .keystoreWritten, .hookFailed])
      #expect(events.last?.fields[.hook] == "/usr/bin/test -e \(flag)")
      site.clock.advance(by: .seconds(30))
      try await daemon.settle()
      #expect(try await daemon.context.ledger.pendingHooks().map(\.attempts) == [1], "the backoff is not over")
      site.clock.advance(by: .minutes(2))
      try await daemon.settle()
      #expect(try await daemon.context.ledger.pendingHooks().map(\.attempts) == [2])
      #expect(site.recorder.takeNames().isEmpty, "a hook that fails again is no news")
    }
    try site.folder.write("flag", "")
    try await site.run { daemon in
      #expect(try await daemon.context.ledger.pendingHooks().map(\.attempts) == [2])
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.started, .configurationApplied, .hookRecovered])
      #expect(told.last?.message.hasSuffix("succeeded after 2 failures") == true)
      #expect(try await daemon.context.ledger.pendingHooks().isEmpty)
    }
    #expect(try await site.settle() == [.started, .configurationApplied], "it does not run again")
  }
}
