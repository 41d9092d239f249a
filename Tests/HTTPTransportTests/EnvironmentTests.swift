// SPDX-License-Identifier: Apache-2.0

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

  @Test func exceptionsOfTheEnvironmentDoNotTakeTheConfiguredProxyAway() async {
    await #expect(processExitsWith: .success) {
      let proxy = try ScriptedServer(.send(reply("200 OK", "from the proxy")))
      for name in ["no_proxy", "NO_PROXY"] { unsafe setenv(name, "*", 1) }
      let response = try await HTTPClient().send(
        HTTPRequest(url: "http://target.invalid/", proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port)))
      #expect(response.body.copyBytes() == Array("from the proxy".utf8))
    }
  }
}
