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

/// A service key, from the file that was dropped in to the files that hold its identity.
struct ServiceKeyLifeTests {
  private let site: Site
  private let authority: Authority

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.configure(
      """
      service-keys:
        sender:
          from: {file: \(site.folder.file("sender.json"))}
          verify: none
      keystores:
        sender:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files:
            - pem: {certificate: cert.pem, key: key.pem, key-format: pkcs8}
            - pfx: {path: cert.pfx, empty-password: true, alias: sender}
      """)
  }

  private func drop(_ identity: TestIdentity) throws {
    try site.folder.write("sender.json", bytes: identity.serviceKeyJSON().utf8)
  }

  @Test func `a key is taken over when it is dropped in`() async throws {
    let first = try authority.leaf { $0.keyKind = .rsa(bits: 2048) }
    let second = try authority.leaf(days: 120)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied], "nothing is wrong without a file")

      try drop(first)
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keyAccepted, .keystoreWritten])
      let pfx = FileFormat.pfx(.init(password: SecretBytes(copying: []), profile: .modern, alias: "sender"))
      let held = try daemon.read("sender", "cert.pfx", as: pfx)
      #expect(held.identity?.certificate == first.certificate)
      #expect(held.identity?.issuers == first.issuers)
      let pem = try PEMReader.certificates(
        in: HostFiles().readFile(daemon.context.layout.keystore("sender").pushing("current/cert.pem"), limit: 1 << 20))
      #expect(pem.first == first.certificate)

      try drop(second)
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      try await daemon.settle()
      let events = site.recorder.take()
      #expect(events.map(\.event) == [.keyAccepted, .keystoreWritten])
      #expect(events.first?.fields[.previousFingerprint] == first.certificate.fingerprint.description)
      #expect(try daemon.read("sender", "cert.pfx", as: pfx).identity?.certificate == second.certificate)
    }
    #expect(try await site.settle() == [.started, .configurationApplied])
  }

  @Test func `a changed entry is read at once`() async throws {
    let held = try authority.leaf()
    try drop(try authority.leaf(days: 120))
    try site.folder.write("other.json", bytes: held.serviceKeyJSON().utf8)
    try await site.run { daemon in
      try await daemon.settle()
      let yaml = try String(
        decoding: HostFiles().readFile(site.configuration, limit: 1 << 20), as: UTF8.self)
      try site.configure(yaml.replacing("verify: none", with: "verify: none\n    renew-before: 10%"))
      try await daemon.services.keeper.reload()
      #expect(await daemon.context.landscape.plan(now: site.clock.now()).due.isEmpty, "that says nothing of the file")
      try site.configure(yaml.replacing("sender.json", with: "other.json"))
      try await daemon.services.keeper.reload()
      let due = await daemon.context.landscape.plan(now: site.clock.now()).due
      #expect(due.map(\.work) == [.readServiceKey("sender")])
      _ = site.recorder.take()
      try await daemon.settle()
      let events = site.recorder.take()
      #expect(events.map(\.event) == [.keyRejected])
      #expect(events.first?.message.contains("other.json") == true)
    }
  }

  @Test func `a key that cannot be put in its place is not claimed`() async throws {
    let key = try authority.leaf()
    let settings = ServiceKeySettings(name: "sender", source: .file(site.folder.file("sender.json")), verify: .none)
    try await site.run { daemon in
      let intake = daemon.services.dispatcher.serviceKeys
      let offered = try SecretBytes(copying: Array(key.serviceKeyJSON().utf8))
      await #expect(throws: ServiceKeyIntake.PlacementFailure.self) {
        try await intake.take(settings, offered: offered, force: false) { _ throws(ServiceKeyIntake.PlacementFailure) in
          throw ServiceKeyIntake.PlacementFailure(SystemError(call: "rename", errno: .noSpace))
        }
      }
      #expect(try await daemon.context.ledger.currentIdentity(.serviceKey("sender")) == nil)
      #expect(!site.recorder.takeNames().contains(.keyAccepted))
      guard case .accepted = try await intake.take(settings, offered: offered, force: false) else {
        Issue.record("it was not taken over")
        return
      }
      #expect(try await daemon.context.ledger.currentIdentity(.serviceKey("sender"))?.entry.leaf == key.certificate)
    }
  }

  @Test func `a key that was dropped while the daemon was down is taken over at its start`() async throws {
    try drop(try authority.leaf())
    try await site.settle()
    #expect(try await site.settle() == [.started, .configurationApplied])
    try drop(try authority.leaf(days: 120))
    #expect(try await site.settle() == [.started, .configurationApplied, .keyAccepted, .keystoreWritten])
  }

  @Test func `a key that everybody on the host may read is taken over with a warning`() async throws {
    try site.folder.write("sender.json", authority.leaf().serviceKeyJSON())
    let lines = LogLines()
    try await site.run(logger: lines.logger) { daemon in
      #expect(lines.take().contains("everybody on this host may read its private key"), "at the start")
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keyAccepted, .keystoreWritten])
      #expect(lines.take().contains("everybody on this host may read its private key"), "when it is taken over")
      try drop(authority.leaf(days: 120))
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(!lines.take().contains("everybody on this host"))
    }
  }

  @Test func `an older key is rejected once`() async throws {
    let good = try authority.leaf()
    try drop(good)
    #expect(try await site.settle() == [.started, .configurationApplied, .keyAccepted, .keystoreWritten])
    try drop(try authority.leaf(days: 30))
    try await site.run { daemon in
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      try await daemon.settle()
      let events = site.recorder.take(.keyRejected)
      #expect(events.count == 1)
      #expect(events.first?.fields[.reason]?.contains("--force") == true)
      #expect(events.first?.message.contains("the one in force stays") == true)
      try await daemon.services.keeper.rereadLedger()
      let known = await daemon.context.landscape.inventory.serviceKeys["sender"]
      #expect(known?.rejected?.contains("--force") == true, "a restart and other processes know")
      for _ in 1...3 {
        site.clock.advance(by: .days(1))
        try await daemon.services.refresher.changed(site.folder.file("sender.json"))
        try await daemon.settle()
      }
      #expect(site.recorder.takeNames().isEmpty)
      #expect(try await daemon.context.ledger.currentIdentity(.serviceKey("sender"))?.entry.leaf == good.certificate)
    }
    site.clock.advance(by: .days(1))
    #expect(try await site.settle() == [.started, .configurationApplied])
  }

  enum Ending: CaseIterable { case goodFile, acceptedFile, noFile, noEntry, imported, importedElsewhere }

  @Test(arguments: Ending.allCases)
  func `the end of a rejection is told, and counts no longer`(ending: Ending) async throws {
    let good = try authority.leaf()
    try drop(good)
    try await site.settle()
    try drop(try authority.leaf(days: 30))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keyRejected])
      let better = try authority.leaf(days: 120)
      var expected: [Event] = [.keyRecovered]
      switch ending {
      case .goodFile:
        try drop(better)
        expected = [.keyAccepted, .keyRecovered, .keystoreWritten]
      case .acceptedFile: try drop(good)
      case .noFile: try HostFiles().removeTree(at: site.folder.file("sender.json"))
      case .noEntry:
        try site.configure("")
        expected = [.keyRecovered, .configurationApplied]
      case .imported:
        let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
        let intake = daemon.services.dispatcher.serviceKeys
        let offered = try SecretBytes(copying: Array(better.serviceKeyJSON().utf8))
        _ = try await intake.take(settings, offered: offered, force: false) { _ in }
        try await intake.settle(settings)
        #expect(site.recorder.takeNames() == [.keyAccepted, .keyRecovered])
        try drop(better)
        expected = [.keystoreWritten]
      case .importedElsewhere:
        // What `certrotd key import` does in a process of its own, which has told it.
        let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
        let offered = try SecretBytes(copying: Array(better.serviceKeyJSON().utf8))
        _ = try await daemon.services.dispatcher.serviceKeys.take(settings, offered: offered, force: false)
        try await daemon.context.ledger.record([StoredSchedule(key: .readServiceKey("sender"))])
        #expect(site.recorder.takeNames() == [.keyAccepted])
        try drop(better)
        expected = [.keystoreWritten]
      }
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      if ending == .noEntry { try await daemon.services.keeper.reload() }
      try await daemon.settle()
      #expect(site.recorder.takeNames() == expected)
      #expect(await daemon.context.landscape.inventory.serviceKeys["sender"]?.rejected == nil)
      try await daemon.services.keeper.rereadLedger()
      #expect(await daemon.context.landscape.inventory.serviceKeys["sender"]?.rejected == nil)
      let history = try await daemon.context.ledger.history(LedgerSubject(.serviceKey, "sender"), limit: 9)
      #expect(history.contains { $0.event == Event.keyRecovered.rawValue } == (ending != .importedElsewhere))
    }
    #expect(!(try await site.settle()).contains(.keyRecovered))
  }

  @Test(arguments: ["", "{", "{}", "[]", "not a key", #"{"certificate":"x","key":"y"}"#])
  func `what is no service key is rejected with the file's name and without its content`(text: String) async throws {
    try site.folder.write("sender.json", bytes: text.utf8)
    try await site.run { try await $0.settle() }
    let rejected = try #require(site.recorder.take(.keyRejected).first)
    #expect(rejected.message.contains(site.folder.file("sender.json").string))
    #expect(rejected.fields[.culprit] == "configuration")
    #expect(rejected.message.contains("none is in force"))
  }
}
