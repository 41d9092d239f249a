// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import TestSupport
import Testing

@testable import ChainFetch

/// Chains and handshakes as real servers get them wrong.
@Suite struct ServerShapeTests {
  private let fixture: ServerFixture

  init() throws { fixture = try ServerFixture.shared.get() }

  private func probe(
    sending others: [Certificate]? = nil, as identity: TestIdentity? = nil, _ behaviour: TLSServerBehaviour = .serve,
    options: TLSServerOptions = TLSServerOptions(), deadlines: ProbeDeadlines = .patient
  ) async throws -> ProbeResult {
    let server = try TLSServer(
      identity: TLSServerIdentity(identity ?? fixture.leaf, sending: others), behaviour: behaviour, options: options)
    return try await withFetcher(loops: 1) { await $0.probe(ProbeTarget(server, deadlines: deadlines)) }
  }

  @Test func fetchesAChainAsItWasSent() async throws {
    let result = try await probe()
    #expect(result.failure == nil)
    #expect(result.chain?.certificates == fixture.leaf.chain)
    let answer = try #require(result.answers.first)
    #expect(answer.protocolVersion == "TLSv1.3")
    #expect(answer.address?.hasPrefix("127.0.0.1:") == true)
    #expect(answer.timings.connect != nil && answer.timings.handshake != nil && answer.timings.lookup == nil)
  }

  @Test func fetchesALeafAlone() async throws {
    #expect(try await probe(sending: []).chain?.certificates == [fixture.leaf.certificate])
  }

  @Test func fetchesAChainWithItsRoot() async throws {
    let others = [fixture.issuing.certificate, fixture.root.certificate]
    #expect(try await probe(sending: others).chain?.certificates == [fixture.leaf.certificate] + others)
  }

  @Test func keepsAWrongOrderAndExtraCertificates() async throws {
    let stranger = try TestCA.root("CN=Stranger")
    let others = [fixture.root.certificate, stranger.certificate, fixture.issuing.certificate]
    #expect(try await probe(sending: others).chain?.certificates == [fixture.leaf.certificate] + others)
  }

  @Test func fetchesExpiredAndUntrustedChains() async throws {
    let expired = try TestCA.selfSigned("CN=old") { $0.notAfter = $0.notBefore + 60 }
    let result = try await probe(as: expired)
    #expect(result.failure == nil)
    #expect(result.chain?.certificates == [expired.certificate])
  }

  @Test func fetchesFromRSAServers() async throws {
    let leaf = try fixture.issuing.leaf { $0.keyKind = .rsa(bits: 2048) }
    #expect(try await probe(as: leaf).chain?.leaf == leaf.certificate)
  }

  @Test(arguments: zip(TLSServerVersion.allCases, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]))
  func speaksEveryVersion(version: TLSServerVersion, name: String) async throws {
    let result = try await probe(options: .only(version))
    #expect(result.failure == nil)
    #expect(result.chain?.certificates == fixture.leaf.chain)
    #expect(result.answers.first?.protocolVersion == name)
  }

  /// Servers of both versions use the client's X25519 key in different ways, and all handshakes share one.
  @Test func speaksBothVersionsHundredsOfTimes() async throws {
    let old = try TLSServer(identity: TLSServerIdentity(fixture.leaf), options: .only(.tls12))
    let new = try TLSServer(identity: TLSServerIdentity(fixture.leaf), options: .only(.tls13))
    let targets = (0..<600).map { ProbeTarget($0 % 3 == 0 ? old : new) }
    let failures = try await withFetcher(concurrency: 8) { fetcher in
      await withTaskGroup(of: ProbeFailure?.self) { group in
        for target in targets { group.addTask { await fetcher.probe(target).failure } }
        return await group.reduce(into: [ProbeFailure]()) { if let failure = $1 { $0.append(failure) } }
      }
    }
    #expect(failures.isEmpty, "\(failures.count) failed: \(String(describing: failures.first))")
  }

  @Test func worksWithRSAKeyExchange() async throws {
    let leaf = try fixture.issuing.leaf { $0.keyKind = .rsa(bits: 2048) }
    var options = TLSServerOptions.only(.tls12)
    options.cipherList = "AES128-SHA:@SECLEVEL=0"
    #expect(try await probe(as: leaf, options: options).chain?.leaf == leaf.certificate)
  }

  @Test(arguments: [TLSServerVersion.tls12, .tls13], [TLSServerClientCertificate.requested, .required])
  func seesTheChainOfServersThatWantAClientCertificate(
    version: TLSServerVersion, demand: TLSServerClientCertificate
  ) async throws {
    var options = TLSServerOptions.only(version)
    options.clientCertificate = demand
    let result = try await probe(options: options)
    #expect(result.chain?.certificates == fixture.leaf.chain)
    if case .required = demand, case .tls12 = version {
      // RFC 5246, section 7.4.6: handshake_failure. TLS 1.3 refuses only after the client is done, and gone.
      #expect(result.failure?.code == "alert.40")
    } else {
      #expect(result.failure == nil)
    }
  }

  @Test(arguments: [TLSServerVersion.tls12, .tls13])
  func seesTheChainWhenTheConnectionBreaksAfterIt(version: TLSServerVersion) async throws {
    let result = try await probe(.resetAfterCertificate, options: .only(version))
    #expect(result.chain?.certificates == fixture.leaf.chain)
    #expect(result.failure?.kind == .reset)
    #expect(result.failure?.phase == .handshake)
  }

  @Test(arguments: [
    (TLSServerBehaviour.resetAfterClientHello, "reset.handshake", Culprit.server),
    (.closeAfterClientHello, "closed.handshake", .server),
    (.plainHTTP, "not-tls", .server),
    (.bytes(Array("SSH-2.0-OpenSSH_9.2p1 Debian\r\n".utf8)), "not-tls", .server),
    (.bytes(Array("220 mail.example ESMTP\r\n".utf8)), "not-tls", .server),
    (.bytes([UInt8](repeating: 0, count: 4096)), "not-tls", .server),
    (.bytes([UInt8](repeating: 0xFF, count: 64)), "not-tls", .server),
    // A close_notify, which is the one alert that is no error (RFC 5246, section 7.2.1).
    (.bytes([21, 3, 3, 0, 2, 1, 0]), "closed.handshake", .server),
    (.alert(40), "alert.40", .server),
    (.alert(70), "alert.70", .server),
    (.alert(112), "alert.112", .server),
    (.alert(222), "alert.222", .server),
    (.certificateMessage([]), "chain.empty", .server),
    (.certificateMessage([Array("no certificate".utf8)]), "certificate.unreadable", .server),
    (.certificateMessage([[0x30, 0x82, 0xFF]]), "certificate.unreadable", .server),
  ])
  func saysWhatIsWrongWithAServer(behaviour: TLSServerBehaviour, code: String, culprit: Culprit) async throws {
    let result = try await probe(behaviour)
    let failure = try #require(result.failure)
    #expect(failure.code == code, "\(failure)")
    #expect(failure.culprit == culprit)
    #expect(result.chain == nil)
    #expect(failure.description.hasPrefix("127.0.0.1:"))
  }

  @Test func namesAServerThatClosesAtOnce() async throws {
    // The kernel answers a ClientHello that nobody will read with a reset, which may come before or after the end.
    let code = try #require(try await probe(.closeAtAccept).failure?.code)
    #expect(["closed.handshake", "reset.handshake"].contains(code))
  }

  @Test func namesAServerThatResetsAtOnce() async throws {
    // The reset may come before the client looks whether it is connected, or after.
    let failure = try #require(try await probe(.resetAtAccept).failure)
    #expect(["reset.connect", "reset.handshake"].contains(failure.code), "\(failure)")
    #expect(failure.culprit == .server)
  }

  @Test func namesTheAlert() async throws {
    let failure = try #require(try await probe(.alert(40)).failure)
    #expect(failure.description.contains("alert 40 (handshake_failure)"))
  }

  @Test func survivesGarbageInPlaceOfEveryRecord() async throws {
    var generator = SeededGenerator(seed: 7)
    for length in [1, 4, 5, 6, 40, 300, 20_000] {
      // A plausible record header, so that the parser gets to see the rest.
      let noise = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      let bytes: [UInt8] = [22, 3, 3, UInt8(length >> 8 & 0x3F), UInt8(length & 255)] + noise
      let result = try await probe(
        .bytes(bytes), deadlines: .patient.with(\.handshake, .milliseconds(300)))
      #expect(result.chain == nil)
      #expect(result.failure?.culprit == .server, "\(String(describing: result.failure))")
    }
  }

  @Test func refusesChainsBeyondTheLimits() async throws {
    let many = [Certificate](repeating: fixture.issuing.certificate, count: 100)
    #expect(try await probe(sending: many).failure?.kind == .tooLarge)
    let huge = [Certificate](repeating: fixture.issuing.certificate, count: 600)
    #expect(try await probe(sending: huge).failure?.kind == .tooLarge)
    let long = [Certificate](repeating: fixture.issuing.certificate, count: 60)
    #expect(try await probe(sending: long).chain?.certificates.count == 61)
  }

  @Test func sendsTheServerNameForNamesOnly() async throws {
    let named = try fixture.issuing.leaf(dns: "named.example")
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf))
    try server.setIdentity(TLSServerIdentity(named), serverName: "named.example")
    let lookup = fixedLookup(["named.example": ["127.0.0.1"], "plain.example.": ["127.0.0.1"]])
    try await withFetcher(lookup: lookup) { fetcher in
      #expect(await fetcher.probe(ProbeTarget(server)).chain?.leaf == fixture.leaf.certificate)
      let byName = ProbeTarget(endpoint: "e", host: "named.example", port: server.port, deadlines: .patient)
      #expect(await fetcher.probe(byName).chain?.leaf == named.certificate)
      let override = ProbeTarget(server, serverName: "named.example")
      #expect(await fetcher.probe(override).chain?.leaf == named.certificate)
      let redirected = ProbeTarget(
        endpoint: "e", host: "named.example", connectTo: HostPort(host: "127.0.0.1", port: server.port))
      #expect(await fetcher.probe(redirected).chain?.leaf == named.certificate)
      let rooted = ProbeTarget(endpoint: "e", host: "plain.example.", port: server.port, deadlines: .patient)
      #expect(await fetcher.probe(rooted).chain?.leaf == fixture.leaf.certificate)
    }
    #expect(
      server.serverNamesSeen == [nil, "named.example", "named.example", "named.example", "plain.example"])
  }

  @Test func seesANewChainAtOnce() async throws {
    let next = try fixture.issuing.leaf()
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf))
    try await withFetcher { fetcher in
      #expect(await fetcher.probe(ProbeTarget(server)).chain?.leaf == fixture.leaf.certificate)
      try server.setIdentity(TLSServerIdentity(next))
      #expect(await fetcher.probe(ProbeTarget(server)).chain?.leaf == next.certificate)
    }
  }

  @Test func connectsOverIPv6() async throws {
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf), addresses: ["::1"])
    let result = try await withFetcher { await $0.probe(ProbeTarget(server)) }
    #expect(result.chain?.leaf == fixture.leaf.certificate)
    #expect(result.answers.first?.address == "[::1]:\(server.port)")
  }
}
