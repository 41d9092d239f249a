// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import TestSupport
import Testing

@testable import ChainFetch

/// Servers that mean harm: bounded time, bounded memory, a named culprit, and nobody else notices.
@Suite struct HostileServerTests {
  private let fixture: ServerFixture

  init() throws { fixture = try ServerFixture.shared.get() }

  private func server(
    _ behaviour: TLSServerBehaviour, as identity: TestIdentity? = nil, _ version: TLSServerVersion? = nil
  ) throws -> TLSServer {
    try TLSServer(
      identity: TLSServerIdentity(identity ?? fixture.leaf), behaviour: behaviour,
      options: version.map { .only($0) } ?? TLSServerOptions())
  }

  @Test(arguments: [TLSServerVersion.tls12, .tls13])
  func `a reset at each byte of the handshake shows the whole chain or none`(version: TLSServerVersion) async throws {
    let server = try server(.serve, version)
    try await withFetcher(loops: 1) { fetcher in
      var count = 1
      var chains = 0
      while count < 10_000 {
        server.setBehaviour(.resetAfter(bytes: count))
        let result = await fetcher.probe(ProbeTarget(server))
        // All was said that a client waits for.
        guard let failure = result.failure else { break }
        #expect(failure.culprit == .server && failure.kind == .reset, "after \(count) bytes: \(failure)")
        if let chain = result.chain {
          chains += 1
          #expect(chain.certificates == fixture.leaf.chain, "after \(count) bytes")
        }
        count += 1
      }
      #expect(count > 1000 && chains > 0, "\(count) bytes, \(chains) with a chain")
      server.setBehaviour(.serve)
      #expect(await fetcher.probe(ProbeTarget(server)).failure == nil)
    }
  }

  /// A ServerHello of TLS 1.2 (RFC 5246, section 7.4.1.3), after which a client waits for more.
  private static let serverHello: [UInt8] = {
    let hello: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x2F, 0, 0, 5, 0xFF, 1, 0, 1, 0]
    let message: [UInt8] = [2, 0, 0, UInt8(hello.count)] + hello
    return [22, 3, 3, 0, UInt8(message.count)] + message
  }()

  /// Records as RFC 8446, section 5.1, has them, many in one piece, so that the sender is faster than whoever reads.
  static let endless: [(String, [UInt8], [UInt8])] = [
    ("HelloRequest", [], [22, 3, 3, 0, 4, 0, 0, 0, 0]),
    ("HelloRequest after ServerHello", serverHello, [22, 3, 3, 0, 4, 0, 0, 0, 0]),
    ("empty records", [], [22, 3, 3, 0, 0]),
    ("warning alerts", [], [21, 3, 3, 0, 2, 1, 90]),
    ("change_cipher_spec", [], [20, 3, 3, 0, 1, 1]),
    ("ServerHello", [], serverHello),
    ("a message of 16 MB", [22, 3, 3, 0, 4, 2, 255, 255, 255], [22, 3, 3, 0, 1, 0]),
    ("a Certificate of 16 MB", serverHello + [22, 3, 3, 0, 4, 11, 255, 255, 255], [22, 3, 3, 0, 1, 0]),
    ("a Certificate byte by byte", serverHello + [22, 3, 3, 0, 4, 11, 1, 0xF0, 0], [22, 3, 3, 0, 1, 0]),
  ]

  @Test(arguments: endless.map(\.0))
  func `a handshake without an end has one`(name: String) async throws {
    let (_, first, others) = try #require(Self.endless.first { $0.0 == name })
    let piece = (0..<4096).flatMap { _ in others }
    let hostile = try server(.endless(first, then: piece))
    let good = try server(.serve)
    // One loop for both: it must come to the good one, and no deadline ends the other.
    try await withFetcher(loops: 1) { fetcher in
      async let odd = fetcher.probe(ProbeTarget(hostile))
      async let other = fetcher.probe(ProbeTarget(good))
      let (result, neighbour) = await (odd, other)
      let failure = try #require(result.failure)
      #expect(failure.culprit == .server && result.chain == nil, "\(failure)")
      guard case .timedOut = failure.kind else {
        #expect(neighbour.failure == nil)
        return
      }
      Issue.record("a deadline had to end it: \(failure)")
    }
  }

  @Test func `a server that wants to renegotiate has nobody to do it with`() async throws {
    // The connection is gone by then: what is asked for after the handshake is never read.
    let server = try server(.answer([22, 3, 3, 0, 4, 0, 0, 0, 0]), .tls12)
    let result = try await withFetcher(loops: 1) { await $0.probe(ProbeTarget(server)) }
    #expect(result.failure == nil && result.chain?.certificates == fixture.leaf.chain)
  }

  @Test func `odd certificates are read, or refused, and the next server is served`() async throws {
    let escapes = "CN=\\1B]0\\;owned\\07\\0A\\1B[2J, O=certrotd"
    let odd: [(TestIdentity, isRead: Bool)] = [
      (try TestCA.selfSigned(escapes), true),
      (try TestCA.selfSigned("CN=serial") { $0.serialNumber = [UInt8](repeating: 0x7F, count: 60_000) }, true),
      (try TestCA.selfSigned("CN=serial") { $0.serialNumber = [UInt8](repeating: 0x7F, count: 200_000) }, false),
      (
        try TestCA.selfSigned("CN=extensions") { options in
          options.oddExtensions = (1...2000).map { .init("1.3.6.1.4.1.55555.\($0)", "critical,DER:0500") }
        }, true
      ),
      (
        try TestCA.selfSigned("CN=extension") {
          $0.oddExtensions = [.init("1.2.3.4", "DER:" + String(repeating: "30", count: 100_000))]
        }, true
      ),
      (try TestCA.selfSigned("CN=names") { $0.dnsNames = (1...3000).map { "host-\($0).example" } }, true),
      (
        try TestCA.selfSigned("CN=broken") {
          $0.hasBasicConstraints = false
          $0.oddExtensions = [.init("2.5.29.19", "DER:FF"), .init("2.5.29.17", "DER:3084FFFFFFFF")]
        }, true
      ),
    ]
    try await withFetcher(loops: 1) { fetcher in
      for (identity, isRead) in odd {
        let server = try server(.serve, as: identity)
        let result = await fetcher.probe(ProbeTarget(server))
        let what = "\(identity.certificate.subject): \(String(describing: result.failure))"
        #expect((result.chain?.leaf == identity.certificate) == isRead, "\(what)")
        #expect(isRead || result.failure?.culprit == .server, "\(what)")
        #expect(!what.unicodeScalars.contains { $0.value < 32 }, "a name may be printed as it is")
      }
      let good = try server(.serve)
      #expect(await fetcher.probe(ProbeTarget(good)).failure == nil)
    }
  }
}
