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

/// A server's chain, from the first probe to the file that trusts it.
struct EndpointLifeTests {
  private let site: Site
  private let one: Authority
  private let two: Authority
  private let server: TLSServer

  init() throws {
    site = try Site()
    one = try Authority.one.get()
    two = try Authority.two.get()
    server = try TLSServer(identity: try one.leaf().served)
    try site.folder.write("roots.pem", [one.root.certificate, two.root.certificate].pem)
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          timeout: 5m
          proxy: none
      keystores:
        client:
          identity:
            self-signed: {subject: "CN=host.example, O=TS, C=DE", valid-for: 825d, key-bits: 2048}
          trust: {endpoints: [shop]}
          overlap: 30d
          files:
            - pse: {path: client.pse}
      """)
  }

  @Test func `a chain becomes trust, and a new chain a union for the overlap`() async throws {
    let before = [one.issuing.certificate, one.root.certificate]
    let after = [two.issuing.certificate, two.root.certificate]
    try await site.run { daemon in
      try await daemon.settle()
      #expect(
        Set(site.recorder.takeNames())
          == [.started, .configurationApplied, .identityRenewed, .keystoreWritten])
      let first = try daemon.read("client", "client.pse")
      #expect(Set(first.trust) == Set(before))
      #expect(first.identity?.certificate.subject.description == "CN=host.example, O=TS, C=DE")
      #expect(try first.identity?.key.fits(try #require(first.identity?.certificate)) == true)
      let path = try await daemon.context.ledger.latestVerifiedPath("shop")
      #expect(path?.path.certificates.dropFirst() == before[...])
      #expect(try await daemon.currentNumber("client") == 1)

      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
      #expect(try await daemon.currentNumber("client") == 1, "nothing is rewritten when nothing changed")

      try server.setIdentity(try two.leaf().served)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointChainChanged, .keystoreWritten])
      let union = try daemon.read("client", "client.pse")
      #expect(Set(union.trust) == Set(before + after))
      #expect(union.identity?.certificate == first.identity?.certificate)
    }
    // The overlap is counted across restarts.
    site.clock.advance(by: .days(29))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      site.clock.advance(by: .days(2))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreWritten])
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(after))
    }
  }

  @Test func `an endpoint that is not trusted enters nothing and is told once, across restarts`() async throws {
    let stranger = try Authority("Stranger")
    try server.setIdentity(try stranger.leaf().served)
    #expect(try await site.settle().contains(.endpointUntrusted))
    site.clock.advance(by: .days(1))
    #expect(try await site.settle() == [.started, .configurationApplied])
    try await site.run { daemon in
      #expect(try await daemon.context.ledger.generations("client", limit: 9).flatMap(\.trust).isEmpty)
      _ = site.recorder.take()
      try server.setIdentity(try one.leaf().served)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.endpointRecovered))
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(one.issuing.path))
    }
  }

  @Test func `an outage is told at the second failure and its end once`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      server.setBehaviour(.closeAtAccept)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
      site.clock.advance(by: .minutes(2))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointUnreachable])
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
      #expect(try await daemon.currentNumber("client") == 1)
      server.setBehaviour(.serve)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointRecovered])
    }
  }

  @Test func `a damaged generation that was brought back is made again, and is held`() async throws {
    let before = [one.issuing.certificate, one.root.certificate]
    let shelf = GenerationShelf(layout: site.layout, files: HostFiles())
    try await site.run { daemon in
      try await daemon.settle()
      try server.setIdentity(try two.leaf().served)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let done = try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: nil)
      #expect(done.inForce == 1 && done.previous == 2)
      #expect(done.warnings.count == 1 && done.warnings[0].contains("would not trust the endpoint shop"), "\(done)")
      let back = try #require(site.recorder.take(.keystoreRolledBack).last)
      #expect(back.fields[.reason]?.contains("would not trust the endpoint shop") == true, "\(back)")
      try await daemon.services.keeper.rereadLedger()
      _ = site.recorder.take()
      let file = site.layout.keystore("client").appending("current").appending("client.pse")
      try HostFiles().removeTree(at: file)
      try await daemon.refresh()
      try await daemon.settle()
      let told = site.recorder.take()
      // The server has moved on from what was brought back.
      #expect(told.map(\.event) == [.keystoreDamaged, .keystoreWritten, .keystoreRecovered, .keystoreTrustGap])
      #expect(told.first?.fields[.reason]?.contains("is missing") == true)
      #expect(told.last?.fields[.culprit] == "configuration")
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(before))
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3, "the rollback is held across restarts")
    }
  }

  @Test func `a damaged generation is made again with the identity that was replaced since`() async throws {
    let shelf = GenerationShelf(layout: site.layout, files: HostFiles())
    try await site.run { daemon in
      try await daemon.settle()
      let identity = try daemon.read("client", "client.pse").identity?.certificate
      let yaml = try String(decoding: HostFiles().readFile(site.configuration, limit: 1 << 20), as: UTF8.self)
      try site.configure(yaml.replacing("CN=host.example", with: "CN=other.example"))
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(try daemon.read("client", "client.pse").identity?.certificate != identity)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      #expect(try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: nil).inForce == 1)
      try await daemon.services.keeper.rereadLedger()
      try HostFiles().removeTree(
        at: site.layout.keystore("client").appending("current").appending("client.pse"))
      try await daemon.refresh()
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try daemon.read("client", "client.pse").identity?.certificate == identity)
    }
  }

  @Test func `a damaged generation that cannot be made again gives way to the newest whole one`() async throws {
    let shelf = GenerationShelf(layout: site.layout, files: HostFiles())
    try await site.run { daemon in
      try await daemon.settle()
      try server.setIdentity(try two.leaf().served)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      #expect(try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: nil).inForce == 1)
      try await daemon.services.keeper.rereadLedger()
      _ = site.recorder.take()
      // An identity of which nobody has the key any more.
      await daemon.context.landscape.update { inventory in
        inventory.keystores["client"]?.current?.content.identityLeaf = one.root.certificate.fingerprint
      }
      try HostFiles().removeTree(
        at: site.layout.keystore("client").appending("current").appending("client.pse"))
      try await daemon.refresh()
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreDamaged, .keystoreRecovered])
      #expect(told.last?.fields[.generation] == "2")
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try Set(daemon.read("client", "client.pse").trust).isSuperset(of: two.issuing.path))
    }
  }

  @Test func `an endpoint that failed is tried again at once after a restart`() async throws {
    server.setBehaviour(.closeAtAccept)
    try await site.run { daemon in
      for _ in 1...6 {
        try await daemon.settle()
        site.clock.advance(by: .minutes(60))
      }
    }
    #expect(site.recorder.takeNames().contains(.endpointUnreachable))
    try await site.run { try await $0.settle() }
    #expect(!site.recorder.takeNames().contains(.endpointRecovered))
    server.setBehaviour(.serve)
    #expect(try await site.settle().contains(.endpointRecovered), "though its backoff is not over")
  }

  @Test func `an endpoint whose certificate has ended keeps no keystore from its own renewal`() async throws {
    let leaf = try one.leaf(days: 10)
    try server.setIdentity(try leaf.served)
    try await site.run { daemon in
      try await daemon.settle()
      let first = try daemon.read("client", "client.pse").identity?.certificate
      _ = site.recorder.take()
      for _ in 1...4 {
        site.clock.advance(by: .days(200))
        try await daemon.settle()
      }
      let told = site.recorder.take()
      #expect(told.map(\.event).contains(.identityRenewed))
      #expect(!told.map(\.event).contains(.keystoreFailed))
      let ended = told.first { $0.event == .certificateExpired }
      #expect(ended?.fields[.subject] == leaf.certificate.subject.description)
      let second = try daemon.read("client", "client.pse").identity?.certificate
      #expect(second != nil && second != first)
      #expect(try await daemon.context.ledger.currentGeneration("client")?.leaf == second?.fingerprint)
    }
  }

  @Test func `alerts are raised once, across restarts`() async throws {
    try server.setIdentity(try one.leaf(days: 10).served)
    #expect(try await !site.settle().contains(.certificateExpiring))
    site.clock.advance(by: .days(4))
    #expect(try await site.settle() == [.started, .configurationApplied], "7 days are more than a third of its life")
    site.clock.advance(by: .days(3))
    #expect(try await site.settle().filter { $0 == .certificateExpiring }.count == 1, "at the mark of 3 days")
    #expect(try await site.settle() == [.started, .configurationApplied])
    site.clock.advance(by: .days(4))
    #expect(try await site.settle().filter { $0 == .certificateExpired }.count == 1)
    #expect(try await site.settle() == [.started, .configurationApplied])
  }
}
