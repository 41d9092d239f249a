// SPDX-License-Identifier: Apache-2.0

import Certificates
import ChainFetch
import FoundationEssentials
import HTTPTransport
import Host
import Journal
import Ledger
import Logging
import OpenSSLBridge
import Planning
import Synchronization
import TestSupport
import Testing

@testable import Rotation

/// Events that take a clock, a renewal or a server that go wrong.
struct RareEventTests {
  private let site: Site
  private let one: Authority

  init() throws {
    site = try Site()
    one = try Authority.one.get()
    try site.folder.write("roots.pem", [one.root.certificate].pem)
  }

  @Test func `a wall clock that is set is told, and the passing of time is not`() async throws {
    try site.configure(
      """
      keystores:
        trust:
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pse: {path: trust.pse}}]
      """)
    try await site.run { daemon in
      let start = ContinuousClock().now
      let elapsed = Mutex(Duration.zero)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let pulse = Pulse(
        context: daemon.context, fetcher: daemon.services.fetcher, refresher: daemon.services.refresher,
        keeper: daemon.services.keeper, notifier: ServiceManagerNotifier(logger: logger),
        presence: try StatePresence(daemon.context.layout, files: HostFiles()),
        ledgerCounter: try await daemon.context.ledger.changeCounter(), monotonic: { start + elapsed.withLock { $0 } })
      try await pulse.beat()
      _ = site.recorder.take()
      // Wall clock and monotonic clock, in seconds.
      for (wall, monotonic) in [(10, 10), (3600, 3600), (0, 10), (59, 10)] {
        site.clock.advance(by: .seconds(wall))
        elapsed.withLock { $0 += .seconds(monotonic) }
        try await pulse.beat()
      }
      #expect(site.recorder.take().isEmpty)
      for (wall, offset) in [(7210, "7200"), (-3590, "-3600")] {
        site.clock.advance(by: .seconds(wall))
        elapsed.withLock { $0 += .seconds(10) }
        try await pulse.beat()
        let told = site.recorder.take()
        #expect(told.map(\.event) == [.clockChanged])
        #expect(told.first?.fields[.offset] == offset)
      }
    }
  }

  @Test func `an identity that cannot be read again is told once, with what is in force if anything is`() async throws {
    let identity = try one.leaf("client.example", days: 300)
    try site.folder.write("cert.pem", "no certificate")
    try site.folder.write("key.pem", bytes: try identity.key.pem(.pkcs8).copyBytes())
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(site.folder.file("cert.pem")), key: \(site.folder.file("key.pem"))}}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.key}}]
      """)
    try await site.run { daemon in
      try await daemon.settle()
      let first = try #require(site.recorder.take().last)
      #expect(first.event == .renewalFailing)
      #expect(first.fields[.notAfter] == nil && first.fields[.remaining] == nil)
      #expect(first.fields[.keystore] == "client" && first.fields[.attempts] == "1")
      #expect(first.fields[.culprit] == "configuration")
      site.clock.advance(by: .minutes(2))
      try await daemon.settle()
      #expect(site.recorder.take().isEmpty)

      try site.folder.write("cert.pem", identity.path.pem)
      try await daemon.services.refresher.changed(site.folder.file("cert.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.identityRenewed, .keystoreRecovered, .keystoreWritten])
      try site.folder.write("cert.pem", "no certificate")
      try await daemon.services.refresher.changed(site.folder.file("cert.pem"))
      try await daemon.settle()
      let second = try #require(site.recorder.take().last)
      #expect(second.event == .renewalFailing)
      #expect(second.fields[.notAfter] == EventTime.text(identity.certificate.validity.notAfter))
      let remaining = try #require(second.fields[.remaining])
      #expect(try #require(Int(remaining)) > 299 * 86_400)
      #expect(try await daemon.currentNumber("client") == 1)
    }
  }

  @Test func `an identity that comes from elsewhere begins anew`() async throws {
    try site.folder.write("cert.pem", "no certificate")
    try site.folder.write("key.pem", bytes: try one.leaf().key.pem(.pkcs8).copyBytes())
    func configure(_ identity: String) throws {
      try site.configure(
        """
        service-keys: {sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}}
        keystores:
          client:
            identity: \(identity)
            files: [{pem: {certificate: cert.pem, key: key.key}}]
        """)
    }
    let files = "{pem: {certificate: \(site.folder.file("cert.pem")), key: \(site.folder.file("key.pem"))}}"
    try configure(files)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .renewalFailing])
      try configure("{service-key: sender}")
      try await daemon.services.keeper.reload()
      let state = await daemon.context.landscape.inventory.keystores["client"]
      #expect(state?.identitySchedule == .untouched)
      try await daemon.settle()
      try configure(files)
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.configurationApplied, .configurationApplied, .renewalFailing])
    }
  }

  @Test func `addresses that disagree are told once`() async throws {
    let addresses = ["127.0.0.1", "127.0.0.2"]
    let server = try TLSServer(identity: try one.leaf().served, addresses: addresses)
    try site.configure(
      """
      endpoints:
        shop:
          url: https://shop.example:\(server.port)
          server-name: localhost
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          every-address: true
          timeout: 5m
          proxy: none
      """)
    try await site.run { daemon in
      let port = server.port
      let fetcher = try ChainFetcher(loops: 1) { _ in
        .success(addresses.compactMap { SocketAddress(literal: $0, port: port) })
      }
      defer { fetcher.shutDown() }
      let inspector = EndpointInspector(
        fetcher: fetcher, anchors: AnchorLibrary(),
        issuers: IssuerFetcher(client: try HTTPClient(connections: 1), clock: site.clock),
        credentials: daemon.context.credentials, clock: site.clock)
      let assembler = ContentAssembler(ledger: daemon.context.ledger, bundles: BundleReader(files: HostFiles()))
      let runner = ProbeRunner(
        context: daemon.context, inspector: inspector,
        trustKeeper: TrustKeeper(context: daemon.context, assembler: assembler),
        reviewer: TrustReviewer(context: daemon.context, assembler: assembler), bell: Bell())
      try await runner.probe(["shop"])
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      try server.setIdentity(try one.leaf().served, address: "127.0.0.2")
      try await runner.probe(["shop"])
      let told = site.recorder.take(.endpointDisagreement)
      #expect(told.count == 1)
      #expect(told.first?.fields[.addresses] == "127.0.0.2:\(port)", "the one that differs from what is judged")
      #expect(
        told.first?.fields[.reason]
          == "127.0.0.2:\(port) sends another certificate than 127.0.0.1:\(port), whose chain alone is judged and trusted"
      )
      try await runner.probe(["shop"])
      #expect(!site.recorder.takeNames().contains(.endpointDisagreement))
      server.setBehaviour(.closeAtAccept)
      for _ in 1...3 { try await runner.probe(["shop"]) }
      #expect(site.recorder.takeNames() == [.endpointUnreachable])
      server.setBehaviour(.serve)
      try await runner.probe(["shop"])
      #expect(site.recorder.takeNames() == [.endpointRecovered], "they disagree as before the outage")
    }
  }
}
