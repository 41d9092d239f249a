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
import TestSupport
import Testing

@testable import Rotation

/// What becomes of an endpoint whose entry or bundle changes.
struct EndpointReloadTests {
  private let site: Site
  private let one: Authority
  private let two: Authority
  private let first: TLSServer
  private let second: TLSServer

  init() throws {
    site = try Site()
    one = try Authority.one.get()
    two = try Authority.two.get()
    first = try TLSServer(identity: try one.leaf().served)
    second = try TLSServer(identity: try two.leaf().served)
    try site.folder.write("roots.pem", [one.root.certificate, two.root.certificate].pem)
    try site.folder.write("one.pem", [one.root.certificate].pem)
    try configure(first)
  }

  private func configure(_ server: TLSServer, anchors: String = "roots.pem") throws {
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(first.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file(anchors))}
          timeout: 5m
          proxy: none
      keystores:
        client:
          trust: {endpoints: [shop]}
          files: [{pse: {path: client.pse}}]
      """)
  }

  private func standing(_ daemon: RunningSite) async throws -> SubjectStatus {
    let (configuration, inventory) = await (
      daemon.context.landscape.configuration, daemon.context.landscape.inventory
    )
    let status = StatusReader.read(configuration, inventory, now: site.clock.now())
    return try #require(status.subjects.first { $0.subject == .endpoint("shop") })
  }

  @Test func `a changed entry is probed at once and the old one's success says nothing of it`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await standing(daemon).state == .ok)
      try configure(second)
      try await daemon.services.keeper.reload()
      let reason = "it waits for its first fetch under the new settings"
      #expect(try await standing(daemon).reason == reason)
      try await daemon.services.keeper.rereadLedger()
      #expect(try await standing(daemon).reason == reason, "a restart and other processes know")
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(one.issuing.path))
      try await daemon.settle()
      #expect(try await standing(daemon).state == .ok)
      #expect(try Set(daemon.read("client", "client.pse").trust).isSuperset(of: two.issuing.path))
    }
  }

  @Test func `anchors that were tightened and failures that were mended take effect at once`() async throws {
    try await site.run { daemon in
      try configure(second, anchors: "one.pem")
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(try await standing(daemon).state == .failing)
      try configure(second)
      try await daemon.services.keeper.reload()
      #expect(try await standing(daemon).state == .waiting)
      try await daemon.settle()
      #expect(try await standing(daemon).state == .ok)
      try configure(second, anchors: "one.pem")
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(try await standing(daemon).state == .failing)
    }
  }

  @Test func `an entry that changed while no daemon ran is probed at once`() async throws {
    try await site.settle()
    try configure(second)
    try await site.run { daemon in
      #expect(try await standing(daemon).reason == "it waits for its first fetch under the new settings")
      let applied = try #require(site.recorder.take(.configurationApplied).first)
      #expect(applied.fields[.reason] == "changed endpoint shop")
      try await daemon.settle()
      #expect(try Set(daemon.read("client", "client.pse").trust).isSuperset(of: two.issuing.path))
    }
    try await site.run { daemon in
      #expect(await daemon.context.landscape.plan(now: site.clock.now()).due.isEmpty, "nothing changed since")
    }
  }

  @Test func `a copy that cannot be read keeps no daemon from its start`() async throws {
    try await site.settle()
    try site.folder.write("state/accepted-configuration.json", "{")
    try configure(second)
    try await site.run { daemon in
      try await daemon.services.keeper.reload()
      let inForce = await daemon.context.landscape.configuration
      let copy = AcceptedConfigurationFile(layout: site.layout, files: HostFiles())
      #expect(try copy.load(of: site.configuration) == inForce)
    }
  }

  @Test func `what does not matter to a probe makes none due`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await daemon.services.keeper.reload()
      #expect(await daemon.context.landscape.plan(now: site.clock.now()).due.isEmpty)
    }
  }

  @Test func `a bundle that changes during a probe makes another one due`() async throws {
    try await site.run { daemon in
      first.setBehaviour(.serveWhenReleased)
      async let probe: Void = daemon.services.dispatcher.probe(["shop"])
      await first.acceptedConnections(reach: 1)
      try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
      first.release()
      try await probe
      let due = await daemon.context.landscape.plan(now: site.clock.now()).due
      #expect(due.map(\.work).contains(.probe(endpoint: "shop")))
      try await daemon.settle()
      #expect(try await standing(daemon).state == .ok)
    }
  }

  @Test func `what was found under settings that changed meanwhile does not count`() async throws {
    try await site.run { daemon in
      first.setBehaviour(.serveWhenReleased)
      async let probe: Void = daemon.services.dispatcher.probe(["shop"])
      await first.acceptedConnections(reach: 1)
      try configure(second)
      try await daemon.services.keeper.reload()
      first.release()
      try await probe
      #expect(try await standing(daemon).state == .waiting)
      #expect(try await daemon.context.ledger.latestVerifiedPath("shop") == nil)
      try await daemon.settle()
      #expect(try await daemon.context.ledger.latestVerifiedPath("shop")?.path.root == two.root.certificate)
    }
  }
}
