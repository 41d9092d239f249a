// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Foundation
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

/// What is taken over from the disk when the ledger is gone.
struct LostLedgerTests {
  private let site: Site
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    site = try Site()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
    try site.folder.write("trust.pem", one.pem)
  }

  private func configure(subject: String = "CN=host") throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: \(subject), valid-for: 825d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          overlap: 1d
          files:
            - pse: {path: client.pse}
            - pse: {path: \(site.folder.file("outside.pse"))}
      """)
  }

  private func change(_ certificates: [Certificate], _ daemon: RunningSite) async throws {
    try site.folder.write("trust.pem", certificates.pem)
    try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
    try await daemon.settle()
  }

  /// As an operator does; nil lets certrotd choose.
  private func rollBack(
    _ daemon: RunningSite, to number: Int?
  ) async throws -> Rollback.Outcome {
    let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
    let rollback = Rollback(
      context: daemon.context, shelf: GenerationShelf(layout: site.layout, files: HostFiles()))
    return try await rollback.run(settings, to: number)
  }

  private func removeLedger() throws {
    for suffix in ["", "-wal", "-shm"] {
      try HostFiles().removeTree(at: FilePath(site.layout.ledger.string + suffix))
    }
  }

  @Test func `without its ledger it goes on with what lies on disk`() async throws {
    try configure()
    let before = try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      #expect(try await daemon.currentNumber("client") == 2)
      return try daemon.read("client", "client.pse")
    }
    try removeLedger()
    _ = site.recorder.take()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2, "nothing is rewritten and numbers go on")
      let after = try daemon.read("client", "client.pse")
      #expect(after.identity?.certificate == before.identity?.certificate)
      #expect(Set(after.trust) == Set(before.trust))
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.started, .ledgerMissing, .configurationApplied])
      #expect(told[1].fields[.reason]?.contains("accepted-configuration.json") == true, "\(told[1])")
      site.clock.advance(by: .days(3))
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(two), "the overlap of the old ones ends")
      #expect(try daemon.read("client", "client.pse").identity?.certificate == before.identity?.certificate)
    }
  }

  @Test func `a keystore that a reload adds goes on with what lies on disk, too`() async throws {
    try configure()
    let before = try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      return try daemon.read("client", "client.pse")
    }
    try removeLedger()
    try site.configure("keystores: {}")
    try await site.run { daemon in
      try await daemon.settle()
      try configure()
      _ = site.recorder.take()
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.configurationApplied], "nothing is written")
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try daemon.read("client", "client.pse").identity?.certificate == before.identity?.certificate)
      let known = await daemon.context.landscape.inventory.keystores["client"]?.current?.identity
      #expect(known?.leaf == before.identity?.certificate.fingerprint, "its end is watched")
    }
  }

  @Test(arguments: [false, true])
  func `without its ledger an operator can go back to generations that lie whole on disk`(
    isDamaged: Bool
  ) async throws {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      site.clock.advance(by: .days(3))
      try await daemon.settle()
      #expect(try daemon.store("client").list() == [1, 2, 3])
    }
    try removeLedger()
    if isDamaged { try site.folder.write("state/keystores/client/generations/000002/client.pse", bytes: [0]) }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      let known = try await daemon.context.ledger.generations("client", limit: 9)
      #expect(known.map(\.number) == (isDamaged ? [3, 1] : [3, 2, 1]))
      #expect(known.dropFirst().allSatisfy { $0.adopted && $0.state == .superseded })
      let wanted = isDamaged ? 1 : 2
      #expect(try await rollBack(daemon, to: nil).inForce == wanted)
      try await daemon.services.keeper.rereadLedger()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == wanted, "what was withdrawn is held")
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(isDamaged ? one : one + two))
    }
  }

  /// The one that was withdrawn was complete when the link was put back; one that a crash cut short was not.
  @Test(arguments: [true, false])
  func `without its ledger it keeps to the generation that an operator went back to`(isOlder: Bool) async throws {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      #expect(try await rollBack(daemon, to: nil).inForce == 1)
    }
    try removeLedger()
    let manifest = site.layout.keystore("client").appending("generations/000002/.manifest.json")
    let link = try HostFiles().linkStatus(of: site.layout.keystore("client").appending("current")).modified
    try FileManager.default.setAttributes(
      [.modificationDate: link.addingTimeInterval(isOlder ? -1 : 1)], ofItemAtPath: manifest.string)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == (isOlder ? 1 : 3))
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(isOlder ? one : one + two))
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == (isOlder ? 1 : 3), "nor after a restart")
    }
  }

  @discardableResult
  private func configure(files: String) throws -> Certificate {
    let authority = try Authority.one.get()
    let leaf = try authority.leaf("client", days: 40)
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.folder.write("sender.json", bytes: leaf.serviceKeyJSON().utf8)
    try site.folder.write("password", bytes: "a password".utf8)
    try site.configure(
      """
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
      keystores:
        client:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [\(files)]
      """)
    return leaf.certificate
  }

  /// The ledger goes with its keys, and nobody has the file of the service key or the password of before.
  private func loseEverything() throws {
    try removeLedger()
    try HostFiles().removeTree(at: site.folder.file("sender.json"))
    try site.folder.write("password", bytes: "another one".utf8)
  }

  private func status(_ daemon: RunningSite) async throws -> SubjectStatus {
    let landscape = daemon.context.landscape
    let status = StatusReader.read(await landscape.configuration, await landscape.inventory, now: site.clock.now())
    return try #require(status.subjects.first { $0.subject == .keystore("client") })
  }

  private var pfx: String { "pfx: {path: client.pfx, password-credential: \(site.folder.file("password"))}" }

  @Test func `of files that need a password that is gone, the others tell when they end`() async throws {
    try configure(files: "{\(pfx)}, {pem: {certificate: cert.pem}}")
    try await site.run { try await $0.settle() }
    try loseEverything()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1)
      let status = try await status(daemon)
      #expect(status.breakage?.what == "the identity", "\(status)")
    }
  }

  @Test func `files in use of which nothing can be read are a fault, and no first generation`() async throws {
    try configure(files: "{\(pfx)}")
    try await site.run { try await $0.settle() }
    try loseEverything()
    try await site.run { daemon in
      try await daemon.settle()
      let unknown = try await status(daemon)
      #expect(unknown.state == .failing && unknown.reason.contains("nobody knows when they end"), "\(unknown)")
    }
    let next = try Authority.one.get().leaf("client", days: 90)
    try site.folder.write("sender.json", bytes: next.serviceKeyJSON().utf8)
    _ = site.recorder.take()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      let told = try #require(site.recorder.take(.keystoreWritten).last)
      #expect(told.fields[.reason]?.contains("generation 1 holds, whose files are in use") == true, "\(told)")
      #expect(try await status(daemon).state == .ok)
    }
  }

  @Test func `a certificate that the ledger does not hold is read from the files`() async throws {
    let leaf = try configure(files: "{pem: {certificate: cert.pem, key: key.pem}}")
    try await site.run { try await $0.settle() }
    try loseEverything()
    let ledger = try LedgerStore.open(
      at: site.layout.ledger, sealing: site.layout.sealingSource(credentialsFolder: nil, files: HostFiles()),
      access: .readWrite, now: site.clock.now()
    ).store
    let plan = NewGeneration(keystore: "client", recipe: "x", leaf: leaf.fingerprint, trust: [], reason: "known")
    try await ledger.adoptGeneration(plan, number: 1, as: .current, at: site.clock.now())
    try ledger.close()
    try await site.run { daemon in
      try await daemon.settle()
      let known = await daemon.context.landscape.inventory.keystores["client"]?.current?.identity
      #expect(known?.notAfter == leaf.validity.notAfter)
    }
  }

  @Test func `going back without a number passes over what is damaged, and says so`() async throws {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      site.clock.advance(by: .days(3))
      try await daemon.settle()
      try site.folder.write("state/keystores/client/generations/000002/client.pse", bytes: [0])
      _ = site.recorder.take()
      await #expect(throws: DeliveryError.self) { try await rollBack(daemon, to: 2) }
      let done = try await rollBack(daemon, to: nil)
      #expect(done.wanted == 1 && done.inForce == 1 && done.skipped.map(\.generation) == [2])
      #expect(done.skipped.first?.reason.contains("000002/client.pse is missing or not what was written") == true)
      let told = try #require(site.recorder.take(.keystoreRolledBack).last)
      #expect(told.fields[.reason]?.contains("generation 2 was passed over") == true, "\(told)")
      #expect(try await daemon.currentNumber("client") == 1)
    }
  }

  @Test func `going back where nothing earlier is whole names each and changes nothing`() async throws {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      try site.folder.write("state/keystores/client/generations/000001/client.pse", bytes: [0])
      do {
        _ = try await rollBack(daemon, to: nil)
        Issue.record("it went back to a damaged generation")
      } catch RollbackError.noneWhole("client", current: 2, let skipped) {
        #expect(skipped.map(\.generation) == [1])
      }
      #expect(try await daemon.currentNumber("client") == 2)
    }
  }

  @Test(arguments: [false, true])
  func `without its ledger and the link to the generation in force, a self-signed identity stays`(
    isNewestDamaged: Bool
  ) async throws {
    try configure()
    let before = try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      #expect(try await daemon.currentNumber("client") == 2)
      return try daemon.read("client", "client.pse")
    }
    try removeLedger()
    try HostFiles().removeTree(at: site.layout.keystore("client").appending("current"))
    if isNewestDamaged {
      try site.folder.write("state/keystores/client/generations/000002/client.pse", bytes: [0])
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      let after = try daemon.read("client", "client.pse")
      #expect(after.identity?.certificate == before.identity?.certificate)
      #expect(Set(after.trust) == Set(one + two), "what was trusted stays for the overlap")
    }
  }

  @Test func `an identity on disk that the configuration no longer wants is not taken over`() async throws {
    try configure()
    let before = try await site.run { daemon in
      try await daemon.settle()
      return try daemon.read("client", "client.pse")
    }
    try removeLedger()
    try configure(subject: "CN=other")
    try await site.run { daemon in
      try await daemon.settle()
      let after = try daemon.read("client", "client.pse").identity?.certificate
      #expect(after != before.identity?.certificate)
      #expect(after?.subject.description == "CN=other")
    }
  }

  @Test func `a keystore that was not in the configuration when the ledger went is written beside what lies there`()
    async throws
  {
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      try await change(two, daemon)
      #expect(try await daemon.currentNumber("client") == 2)
    }
    try removeLedger()
    try site.configure("keystores: {}")
    try await site.run { try await $0.settle() }
    try configure()
    _ = site.recorder.take()
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") ?? 0 >= 2, "its number is no earlier one's")
      #expect(!site.recorder.takeNames().contains(.keystoreFailed))
    }
  }

  @Test func `a hook that was owed runs though the ledger that knew it is gone`() async throws {
    let hooks = site.folder.file("hooks")
    func configure(_ program: String) throws {
      try site.configure(
        """
        keystores:
          client:
            trust: {bundles: [\(site.folder.file("trust.pem"))]}
            files: [{ca-directory: {path: ca}}]
            after-change: [[/bin/sh, -c, "\(program)"]]
        """)
    }
    try configure("exit 3")
    try await site.settle()
    try removeLedger()
    try configure("echo $CERTROTD_GENERATION >> \(hooks)")
    try await site.settle()
    #expect(try site.folder.read("hooks") == "1\n")
    try await site.settle()
    #expect(try site.folder.read("hooks") == "1\n", "once is enough")
  }
}
