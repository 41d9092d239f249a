// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
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

/// Servers that leave out an issuer which the trust list lacks: certrotd finds it elsewhere, a consumer does not.
struct TrustGapTests {
  private let site: Site
  private let authority: Authority
  private let leaf: TestIdentity
  private let server: TLSServer

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
    leaf = try authority.leaf(days: 900)
    server = try TLSServer(identity: try leaf.served)
    // With the issuer among the anchors, the path is whole whatever the server sends.
    try site.folder.write("anchors.pem", authority.issuing.path.pem)
    try configure()
  }

  private func configure(include: String = "[roots]", endpoints: String = "[shop]", identity: String = "none") throws {
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("anchors.pem"))}
          timeout: 5m
          proxy: none
      keystores:
        client:
          identity: \(identity)
          trust: {endpoints: \(endpoints), include: \(include)}
          overlap: 1d
          files: [{pse: {path: client.pse}}]
      """)
  }

  private static let selfSigned = "{self-signed: {subject: CN=host, valid-for: 40d, key-bits: 2048}}"

  private func send(issuer: Bool) throws {
    try server.setIdentity(issuer ? leaf.served : TLSServerIdentity(leaf, sending: []))
  }

  /// Looks again after some days.
  private func look(_ daemon: RunningSite, after days: Int = 1) async throws {
    site.clock.advance(by: .days(days))
    try await daemon.settle()
  }

  private func status(_ daemon: RunningSite) async throws -> SubjectStatus {
    let (configuration, inventory) = (
      await daemon.context.landscape.configuration, await daemon.context.landscape.inventory
    )
    return try #require(
      StatusReader.read(configuration, inventory, now: site.clock.now()).subjects.first {
        $0.subject == .keystore("client")
      })
  }

  /// What was raised besides alerts, which come whatever is done about them.
  private func news() -> [Event] { site.recorder.takeNames().filter { $0 != .certificateExpiring } }

  private func trust(_ daemon: RunningSite) throws -> Set<Certificate> {
    try Set(daemon.read("client", "client.pse").trust)
  }

  @Test func `a server that stops sending its issuer is noticed, told once, and told when it is right again`()
    async throws
  {
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await status(daemon).state == .ok)
      _ = site.recorder.take()
      try send(issuer: false)
      try await look(daemon)
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.endpointChainChanged, .keystoreTrustGap])
      let gap = try #require(told.last)
      #expect(gap.fields[.endpoint] == "shop" && gap.fields[.culprit] == "server")
      #expect(gap.fields[.subject] == authority.issuing.certificate.subject.description)
      let remedy = "add 'issuers' to 'include' under 'trust', or have the server send CN=One Issuing, O=TS, C=DE"
      #expect(gap.fields[.reason]?.hasSuffix(remedy) == true, "\(gap.fields)")
      #expect(try await status(daemon).state == .failing)
      #expect(try await status(daemon).reason == gap.fields[.reason])
      try await look(daemon)
      try await daemon.refresh()
      #expect(site.recorder.takeNames().isEmpty, "that it lasts is no news")
      #expect(try await daemon.currentNumber("client") == 1, "nothing else could be written")
    }
    try await site.run { daemon in
      #expect(try await status(daemon).state == .failing, "it is known after a restart")
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      try send(issuer: true)
      try await look(daemon)
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.endpointChainChanged, .keystoreRecovered])
      #expect(told.last?.fields[.endpoint] == "shop")
      #expect(try await status(daemon).state == .ok)
    }
  }

  /// No server sends a root, so that nobody is advised to have it sent.
  @Test func `verify says what helps when a server has moved to an authority that nobody knows`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try server.setIdentity(try Authority.two.get().leaf(days: 900).served)
      let fault = try #require(try await site.verify("client", daemon).endpoints.first?.fault)
      #expect(
        fault.contains("if CN=Two Root, O=TS, C=DE is a root that shall be trusted") && fault.contains("'bundles'"),
        "\(fault)")
    }
  }

  @Test func `a path that only the ledger knows yet is no gap`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      // A probe has recorded what it found, and the plan learns of it a moment later.
      let path = try #require(CertificatePath(try Authority.two.get().leaf().path))
      let seen = EndpointObservation(endpoint: "shop", verdict: .verified(path: path), chain: path.certificates)
      try await daemon.context.ledger.record([seen], at: site.clock.now())
      try await daemon.services.reviewer.review()
      #expect(site.recorder.takeNames().isEmpty)
      // A daemon that starts now knows it at once, and writes what it needs without telling of a gap.
    }
    try await site.run { daemon in
      try await daemon.services.reviewer.review()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
    }
  }

  @Test func `a failure with other files holds back no verdict on what is about to be written`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let path = try #require(CertificatePath(try Authority.two.get().leaf().path))
      let seen = EndpointObservation(endpoint: "shop", verdict: .verified(path: path), chain: path.certificates)
      try await daemon.context.ledger.record([seen], at: site.clock.now())
      await daemon.context.landscape.update { inventory in
        inventory.endpoints["shop"]?.verifiedPath = PathState(path, verifiedAt: site.clock.now())
        var content = inventory.keystores["client"]?.current?.content
        content?.recipe = "another"
        inventory.keystores["client"]?.failedContent = content
        inventory.keystores["client"]?.writing.failures = 1
      }
      try await daemon.services.reviewer.review()
      #expect(site.recorder.takeNames().isEmpty, "what failed is not what is written next")
    }
  }

  @Test func `the daemon and verify say the same, through the same code`() async throws {
    try send(issuer: false)
    try await site.run { daemon in
      try await daemon.settle()
      let inspector = EndpointInspector(
        fetcher: daemon.services.fetcher, anchors: AnchorLibrary(),
        issuers: IssuerFetcher(client: try HTTPClient(connections: 1), clock: site.clock),
        credentials: daemon.context.credentials, clock: site.clock)
      let configuration = await daemon.context.landscape.configuration
      let verification = KeystoreVerification(
        context: daemon.context, shelf: GenerationShelf(layout: daemon.context.layout, files: HostFiles()),
        inspector: inspector)
      let result = try await verification.run(try #require(configuration.keystore(named: "client")), in: configuration)
      #expect(!result.isGood && result.faults.isEmpty && result.files.allSatisfy(\.faults.isEmpty))
      let gaps = await daemon.context.landscape.inventory.keystores["client"]?.gaps
      #expect(gaps?.keys.sorted() == ["shop"])
      #expect(result.endpoints.map(\.fault) == [gaps?["shop"]])
    }
  }

  @Test func `one endpoint holds back neither another nor the first generation nor a renewal`() async throws {
    let other = try Authority.two.get()
    let second = try TLSServer(identity: try other.leaf(days: 900).served)
    try site.folder.write("anchors.pem", (authority.issuing.path + other.issuing.path).pem)
    try send(issuer: false)
    try configure(endpoints: "[shop, api]", identity: Self.selfSigned)
    let yaml = try String(decoding: HostFiles().readFile(site.configuration, limit: 1 << 20), as: UTF8.self)
    let api = """
        api:
          url: https://localhost:\(second.port)
          connect-to: 127.0.0.1:\(second.port)
          anchors: {bundle: \(site.folder.file("anchors.pem"))}
          timeout: 5m
          proxy: none
      """
    try site.configure(yaml.replacing("keystores:", with: "\(api)\nkeystores:", maxReplacements: 1))
    try await site.run { daemon in
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event).suffix(2) == [.keystoreWritten, .keystoreTrustGap])
      #expect(told.last?.fields[.endpoint] == "shop")
      #expect(try trust(daemon) == [authority.root.certificate, other.root.certificate])
      let first = try daemon.read("client", "client.pse").identity?.certificate
      for _ in 1...30 { try await look(daemon) }
      #expect(news() == [.identityRenewed, .keystoreWritten])
      #expect(try daemon.read("client", "client.pse").identity?.certificate != first)
      #expect(try await status(daemon).state == .failing)
    }
  }

  @Test func `what an endpoint needs stays in the list, and lets a new identity pass`() async throws {
    try send(issuer: false)
    try configure(include: "[roots, issuers]", identity: Self.selfSigned)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try trust(daemon) == Set(authority.issuing.path))
      #expect(try await status(daemon).state == .ok)
      try configure(include: "[roots]", identity: Self.selfSigned)
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      _ = site.recorder.take()
      for _ in 1...3 { try await look(daemon) }
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreFailed], "the overlap is over")
      #expect(told.last?.fields[.culprit] == "server")
      #expect(told.last?.message.contains("add 'issuers' to 'include'") == true, "\(told)")
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(
        try await daemon.context.ledger.generations("client", limit: 9).count == 1, "it is judged before it is made")
      #expect(try await status(daemon).state == .failing)

      let first = try daemon.read("client", "client.pse").identity?.certificate
      for _ in 1...25 { try await look(daemon) }
      #expect(news() == [.identityRenewed, .keystoreWritten])
      #expect(try daemon.read("client", "client.pse").identity?.certificate != first)
      #expect(try trust(daemon) == Set(authority.issuing.path), "the endpoint still needs it")
      #expect(try await status(daemon).state == .failing)

      try send(issuer: true)
      for _ in 1...2 { try await look(daemon) }
      #expect(site.recorder.takeNames() == [.endpointChainChanged, .keystoreWritten, .keystoreRecovered])
      #expect(try trust(daemon) == [authority.root.certificate])
      #expect(try await status(daemon).state == .ok)
    }
  }

  @Test func `damage is put right though the planned list would lose an endpoint`() async throws {
    try send(issuer: false)
    try configure(include: "[roots, issuers]")
    try await site.run { daemon in
      try await daemon.settle()
      try configure(include: "[roots]")
      try await daemon.services.keeper.reload()
      for _ in 1...3 { try await look(daemon) }
      _ = site.recorder.take()
      try HostFiles().removeTree(at: daemon.context.layout.keystore("client").appending("current/client.pse"))
      try await daemon.refresh()
      try await look(daemon)
      #expect(try trust(daemon) == Set(authority.issuing.path))
    }
  }
}
