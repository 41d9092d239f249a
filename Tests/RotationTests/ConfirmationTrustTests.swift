// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Keystores
import Planning
import TestSupport
import Testing

@testable import Rotation

/// A delivered trust list, and an endpoint that is tried with it as the only anchors.
struct ConfirmationTrustTests {
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
          trust: {endpoints: [shop]}
          overlap: 1d
          files:
            - pse: {path: client.pse}
          after-change: [[/bin/sh, -c, "echo $CERTROTD_GENERATION >> \(site.folder.file("hooks"))"]]
          confirm: {patience: 1m, endpoints: all}
      """)
  }

  /// Generation 1 trusts the first authority, generation 2 both, and when 3 is written, only the second.
  private func shrink(_ daemon: RunningSite) async throws {
    try await daemon.settle()
    try server.setIdentity(try two.leaf().served)
    site.clock.advance(by: .days(1))
    try await daemon.settle()
    #expect(try await daemon.currentNumber("client") == 2)
    site.clock.advance(by: .days(2))
    // Nobody probes from here on but who confirms.
    try await daemon.services.dispatcher.run(
      DueWork(
        work: .write(keystore: "client"), since: site.clock.now(), lapsesAt: site.clock.now(), reason: .neverAttempted))
    #expect(try await daemon.currentNumber("client") == 3)
    #expect(Set(try daemon.read("client", "client.pse").trust) == Set([two.issuing.certificate, two.root.certificate]))
    _ = site.recorder.take()
  }

  /// Does what is due for some seconds, but for probes.
  private func live(_ daemon: RunningSite, for seconds: Int) async throws {
    for _ in 0...seconds {
      let due = await daemon.context.landscape.plan(now: site.clock.now()).due
      for work in due where await daemon.context.landscape.begin(work.work) {
        if case .probe = work.work {} else { try await daemon.services.dispatcher.run(work) }
        await daemon.context.landscape.end(CollectionOfOne(work.work))
      }
      site.clock.advance(by: .seconds(1))
    }
  }

  @Test func `an endpoint that the new list does not verify brings the old list back`() async throws {
    try await site.run { daemon in
      try await shrink(daemon)
      let before = try daemon.store("client").readBack(2).map { $0.contents.copyBytes() }
      try server.setIdentity(try one.leaf().served)
      try await live(daemon, for: 66)
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try daemon.store("client").readBack(2).map { $0.contents.copyBytes() } == before)
      let told = site.recorder.take()
      #expect(Array(told.map(\.event).prefix(1)) == [.keystoreRolledBack], "\(told)")
      #expect(told.first?.fields[.reason]?.contains("a consumer would not trust the endpoint shop") == true, "\(told)")
      #expect(told.map(\.event).contains(.keystoreConfirmed), "the old list verifies it")
      let state = await daemon.context.landscape.inventory.keystores["client"]
      #expect(state?.rolledBackTo == 2 && state?.heldContent != nil)
    }
  }

  @Test func `a list that would verify no more does not come back`() async throws {
    try await site.run { daemon in
      try await shrink(daemon)
      // Neither list knows it.
      try server.setIdentity(try Authority("Three").leaf().served)
      try await live(daemon, for: 66)
      #expect(try await daemon.currentNumber("client") == 3)
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreUnconfirmed], "\(told)")
      #expect(
        told.first?.fields[.reason]?.hasSuffix("it stays, since generation 2 would verify no more of them") == true)
    }
  }

  @Test func `an endpoint that does not answer leaves the new list in force`() async throws {
    try await site.run { daemon in
      try await shrink(daemon)
      server.setBehaviour(.resetAfterClientHello)
      try await live(daemon, for: 66)
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(site.recorder.takeNames() == [.keystoreUnconfirmed])
      server.setBehaviour(.serve)
      try await live(daemon, for: 70)
      #expect(site.recorder.takeNames() == [.keystoreConfirmed])
    }
  }
}
