// SPDX-License-Identifier: Apache-2.0

import Certificates
import Glibc
import HTTPTransport
import Host
import TestSupport
import Testing

/// Each runs in a process of its own, whose environment is its own.
struct EnvironmentTests {
  @Test func proxiesOfTheEnvironmentAreNotUsed() async {
    await #expect(processExitsWith: .success) {
      let proxy = try ScriptedServer(.send(reply("200 OK", "from the proxy")))
      let server = try ScriptedServer(.send(reply("200 OK", "direct")))
      for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        unsafe setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
      }
      let response = try await HTTPClient().send(HTTPRequest(url: server.url))
      #expect(response.body.copyBytes() == Array("direct".utf8))
      #expect(proxy.requests.isEmpty)
    }
  }

  @Test func `a request that goes by the environment takes its proxy and its exceptions`() async {
    await #expect(processExitsWith: .success) {
      let proxy = try ScriptedServer(.send(reply("502 Bad Gateway")))
      let server = try ScriptedServer(.send(reply("200 OK", "direct")))
      unsafe setenv("https_proxy", "http://us%20er:pa55@127.0.0.1:\(proxy.port)", 1)
      unsafe setenv("all_proxy", "http://127.0.0.1:\(proxy.port)", 1)
      unsafe setenv("no_proxy", "localhost,127.0.0.0/8", 1)
      let tunnelled = await failure(
        try HTTPClient(), patientRequest(url: "https://target.invalid/", route: .environment))
      #expect(tunnelled == .proxyRefused(proxy: "of the environment", status: 502))
      let request = try #require(proxy.requests.first)
      #expect(request.hasPrefix("CONNECT target.invalid:443 HTTP/1.1\r\n"))
      #expect(request.contains("Proxy-Authorization: Basic dXMgZXI6cGE1NQ==\r\n"))
      let excepted = try await HTTPClient().send(patientRequest(url: server.url, route: .environment))
      #expect(excepted.body.copyBytes() == Array("direct".utf8))
      #expect(proxy.requests.count == 1)
    }
  }

  @Test func `a proxy of the environment that cannot be used is told without its password`() async {
    await #expect(processExitsWith: .success) {
      for value in ["gopher://user:pa55@127.0.0.1:1", "http://user:pa55@127.0.0.1:port"] {
        unsafe setenv("https_proxy", value, 1)
        let failure = try #require(
          await failure(try HTTPClient(), patientRequest(url: "https://target.invalid/", route: .environment)))
        #expect(!"\(failure)".contains("pa55") && !"\(failure)".contains("user"), "\(failure)")
        #expect(failure.culprit == .configuration, "\(failure)")
      }
    }
  }

  @Test func `where a stranger's address leads is judged without proxies of the environment`() async throws {
    let failure = await failure(
      try HTTPClient(), HTTPRequest(url: "http://target.invalid/", route: .environment, refusedPlaces: [.loopback]))
    guard case .invalidRequest? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func exceptionsOfTheEnvironmentDoNotTakeTheConfiguredProxyAway() async {
    await #expect(processExitsWith: .success) {
      let proxy = try ScriptedServer(.send(reply("200 OK", "from the proxy")))
      for name in ["no_proxy", "NO_PROXY"] { unsafe setenv(name, "*", 1) }
      let response = try await HTTPClient().send(
        HTTPRequest(
          url: "http://target.invalid/", route: .through(HTTPProxy(host: "127.0.0.1", port: proxy.port))))
      #expect(response.body.copyBytes() == Array("from the proxy".utf8))
    }
  }
}
