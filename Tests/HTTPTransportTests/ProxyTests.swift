// SPDX-License-Identifier: Apache-2.0

import Certificates
import HTTPTransport
import Host
import TestSupport
import Testing

@Suite struct ProxyTests {
  private let client: HTTPClient

  init() throws { client = try HTTPClient() }

  private func proxy(_ server: ScriptedServer, _ credentials: String? = nil) -> HTTPProxy {
    HTTPProxy(host: "127.0.0.1", port: server.port, credentials: credentials.map(secret))
  }

  @Test func plainRequestsGoThroughWithCredentials() async throws {
    let server = try ScriptedServer(.send(reply("200 OK", "via")))
    let response = try await client.send(
      patientRequest(url: "http://target.invalid/path", proxy: proxy(server, "us%20er:pa:ss")))
    #expect(response.body.copyBytes() == Array("via".utf8))
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("GET http://target.invalid/path HTTP/1.1\r\n"))
    // "us%20er:pa:ss": nothing is decoded, and only the first colon divides.
    #expect(request.contains("Proxy-Authorization: Basic dXMlMjBlcjpwYTpzcw==\r\n"))
  }

  @Test func encryptedRequestsAskForATunnel() async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"))
    #expect(
      await failure(client, patientRequest(url: "https://target.invalid/secret-path", proxy: proxy(server, "a:b")))
        == .proxyRefused(proxy: "127.0.0.1:\(server.port)", status: 502))
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("CONNECT target.invalid:443 HTTP/1.1\r\n"))
    #expect(request.contains("Proxy-Authorization: Basic YTpi\r\n") && !request.contains("secret-path"))
  }

  @Test(arguments: ["http", "https"])
  func wrongCredentialsAreTheConfigurationsFault(scheme: String) async throws {
    let server = try ScriptedServer(
      .send(reply("407 Proxy Authentication Required", headers: ["Proxy-Authenticate: Basic realm=x"])))
    let failure = try #require(
      await failure(client, patientRequest(url: "\(scheme)://target.invalid/", proxy: proxy(server, "user:s3cret"))))
    #expect(failure == .proxyAuthentication(proxy: "127.0.0.1:\(server.port)"))
    #expect(failure.culprit == .configuration && !"\(failure)".contains("s3cret"))
  }

  @Test(arguments: ["no-colon", "us\ner:pw", ""])
  func oddCredentialsAreRefused(credentials: String) async throws {
    let server = try ScriptedServer(.send(reply()))
    let failure = await failure(client, patientRequest(url: server.url, proxy: proxy(server, credentials)))
    guard case .invalidRequest(let sentence)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(credentials.isEmpty || !sentence.contains(credentials))
  }

  @Test(arguments: ["evil@host", "", "a b", "a\nb"])
  func aProxyHasAProperName(name: String) async throws {
    let failure = await failure(
      client, patientRequest(url: "http://127.0.0.1:1/", proxy: HTTPProxy(host: name, port: 1)))
    guard case .invalidRequest? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }
}
