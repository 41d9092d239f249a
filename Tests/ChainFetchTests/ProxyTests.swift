// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import TestSupport
import Testing

@testable import ChainFetch

/// Probes through a proxy, honest and otherwise.
@Suite struct ProxyTests {
  private let fixture: ServerFixture

  init() throws { fixture = try ServerFixture.shared.get() }

  private func probe(
    _ proxy: ConnectProxy, credentials: String? = nil, deadlines: ProbeDeadlines = .patient
  ) async throws -> ProbeResult {
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf))
    var target = ProbeTarget(server, deadlines: deadlines)
    target.proxy = ProxySettings(
      host: proxy.address, port: proxy.port, credentials: credentials.map { SecretBytes(copying: Array($0.utf8)) })
    return try await withFetcher { [target] in await $0.probe(target) }
  }

  @Test func fetchesThroughATunnel() async throws {
    let proxy = try ConnectProxy()
    let result = try await probe(proxy)
    #expect(result.failure == nil)
    #expect(result.chain?.certificates == fixture.leaf.chain)
    #expect(result.answers.first?.timings.proxy != nil)
    #expect(proxy.requestHeads.count == 1)
  }

  @Test func showsItsCredentials() async throws {
    let proxy = try ConnectProxy(credentials: "user:secret")
    #expect(try await probe(proxy, credentials: "user:secret").failure == nil)
    let wrong = try #require(try await probe(proxy, credentials: "user:wrong").failure)
    #expect(wrong.kind == .proxyAuthentication(credentialsGiven: true))
    #expect(wrong.culprit == .configuration)
    #expect(!wrong.description.contains("wrong"))
    #expect(try await probe(proxy).failure?.kind == .proxyAuthentication(credentialsGiven: false))
  }

  @Test(arguments: [
    (ConnectProxy.Behaviour.answer("HTTP/1.1 403 Forbidden\r\n\r\n"), "proxy.refused.403"),
    (.answer("HTTP/1.1 503 x\r\nRetry-After: 1\r\n\r\n"), "proxy.refused.503"),
    (.answer("220 not a proxy\r\n"), "proxy.malformed"),
    (.answer("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), "proxy.malformed"),
    (.endless("HTTP/1.1 200 OK\r\n", then: "X-Padding: x\r\n"), "proxy.malformed"),
    (.endless("", then: "H"), "proxy.malformed"),
    (.endless("HTTP/1.1 200 OK\r\n\r\n", then: "x"), "proxy.malformed"),
    // It says that there is a tunnel, and there is none.
    (.answer("HTTP/1.1 200 OK\r\n\r\n"), "timed-out.handshake"),
    (.silent, "timed-out.proxy"),
  ])
  func saysWhatIsWrongWithAProxy(behaviour: ConnectProxy.Behaviour, code: String) async throws {
    let proxy = try ConnectProxy(behaviour: behaviour)
    let deadlines: ProbeDeadlines =
      switch code {
      case "timed-out.handshake": .patient.with(\.handshake, .milliseconds(300))
      case "timed-out.proxy": .patient.with(\.connect, .milliseconds(300))
      default: .patient
      }
    let failure = try #require(try await probe(proxy, deadlines: deadlines).failure)
    #expect(failure.code == code, "\(failure)")
    if failure.phase == .proxy {
      #expect(failure.culprit == .network)
      #expect(failure.description.hasPrefix("proxy 127.0.0.1:\(proxy.port) on the way to 127.0.0.1:"))
    }
  }

  @Test func aProxyThatLeadsElsewhereShowsTheChainFromThere() async throws {
    let other = try TestCA.root().leaf(dns: "elsewhere.example")
    let elsewhere = try TLSServer(identity: TLSServerIdentity(other))
    let result = try await probe(ConnectProxy(behaviour: .mislead(to: elsewhere.port)))
    #expect(result.chain?.certificates == other.chain, "whose it is, the judge of paths says, and not the proxy")
  }

  @Test func blamesTheProxyThatIsNotThere() async throws {
    let proxy = try ConnectProxy()
    proxy.stop()
    let failure = try #require(try await probe(proxy).failure)
    #expect(failure.kind == .refused)
    #expect(failure.culprit == .network)
    #expect(failure.description.hasPrefix("proxy "))
  }

  @Test func asksNoMoreThanOneAnswerThroughAProxy() async throws {
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf))
    let proxy = try ConnectProxy()
    var target = ProbeTarget(
      endpoint: "e", host: "name.example", serverName: "a.example",
      connectTo: HostPort(host: "127.0.0.1", port: server.port), everyAddress: true,
      proxy: ProxySettings(host: proxy.address, port: proxy.port))
    target.deadlines = .patient
    let result = try await withFetcher(lookup: { _ in .failure(.unknownName) }) { [target] in await $0.probe(target) }
    #expect(result.failure == nil)
    #expect(result.answers.count == 1)
    #expect(server.serverNamesSeen == ["a.example"])
    #expect(proxy.requestHeads.first?.hasPrefix("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n") == true)
  }
}
