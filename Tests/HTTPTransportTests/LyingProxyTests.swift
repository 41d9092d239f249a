// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Host
import TestSupport
import Testing

/// Proxies that say what is not so: bounded time and memory, a named culprit, and no secret said to the wrong one.
@Suite struct LyingProxyTests {
  private let client: HTTPClient

  init() throws { client = try HTTPClient() }

  /// The failure of an encrypted request with a secret, through a proxy that behaves like this.
  private func failure(
    _ behaviour: ConnectProxy.Behaviour, deadline: Duration = .seconds(300)
  ) async throws -> (failure: HTTPFailure?, proxy: String) {
    let proxy = try ConnectProxy(behaviour: behaviour)
    let request = patientRequest(
      url: "https://127.0.0.1:1/", headers: [HTTPHeader("X-Key", secret: secret("s3cret"))],
      proxy: HTTPProxy(host: proxy.address, port: proxy.port), deadline: deadline)
    let found = await HTTPTransportTests.failure(client, request)
    #expect(proxy.requestHeads.allSatisfy { !$0.contains("s3cret") })
    return (found, "\(proxy.address):\(proxy.port)")
  }

  @Test func `a tunnel to another server is not trusted, and hears nothing`() async throws {
    let expected = try await TestIdentity("expected")
    let elsewhere = try TLSServer(
      identity: try await TestIdentity("elsewhere").server, behaviour: .answer(Array(reply("200 OK").utf8)))
    let proxy = try ConnectProxy(behaviour: .mislead(to: elsewhere.port))
    let request = patientRequest(
      url: "https://127.0.0.1:1/", headers: [HTTPHeader("X-Key", secret: secret("s3cret"))],
      clientIdentity: expected.pem, trust: .certificates(expected.certificatePEM),
      proxy: HTTPProxy(host: proxy.address, port: proxy.port))
    let failure = await HTTPTransportTests.failure(client, request)
    guard case .untrusted? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(elsewhere.clientCertificateSeen == nil)
  }

  @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}"])
  func `what is no TLS in a tunnel is none`(bytes: String) async throws {
    let (failure, _) = try await failure(.answer("HTTP/1.1 200 OK\r\n\r\n\(bytes)"))
    switch failure {
    case .handshakeFailed, .connectionLost, .notHTTP: break
    default: Issue.record("\(String(describing: failure))")
    }
  }

  @Test func `a tunnel in which nobody speaks meets the deadline`() async throws {
    let (failure, _) = try await failure(.answer("HTTP/1.1 200 OK\r\n\r\n"), deadline: .milliseconds(300))
    guard case .timedOut? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\n", "X-Padding: x\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX-Padding: ", "x", nil),
    ("", "H", nil),
    ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", 100),
    ("HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000000000\r\n\r\n", "xxxxxxxxxxxxxxxx", 403),
    ("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 407),
  ])
  func `an answer without an end has one, and holds nobody up`(first: String, then: String, status: Int?) async throws {
    let good = try ScriptedServer(.send(reply("200 OK", "fine")))
    async let other = client.send(patientRequest(url: good.url))
    let (failure, proxy) = try await failure(.endless(first, then: String(repeating: then, count: 4096)))
    #expect(try await other.body.copyBytes() == Array("fine".utf8))
    switch (failure, status) {
    case (.proxyMalformed(proxy, _)?, nil), (.proxyAuthentication(proxy)?, 407): break
    case (.proxyMalformed(proxy, _)?, 100), (.proxyRefused(proxy, 100)?, 100): break
    case (.proxyRefused(proxy, let found)?, let status?) where found == status: break
    default: Issue.record("\(String(describing: failure))")
    }
  }
}
