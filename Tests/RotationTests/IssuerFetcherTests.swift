// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import TestSupport
import Testing

@testable import Rotation

/// Fetching issuers from addresses that strangers wrote into certificates.
struct IssuerFetcherTests {
  private let clock = ManualWallClock()
  private let fetcher: IssuerFetcher
  private let issuer: Certificate

  init() throws {
    fetcher = IssuerFetcher(client: try HTTPClient(connections: 4), clock: clock)
    issuer = try Authority.one.get().issuing.certificate
  }

  private func server() throws -> ScriptedServer { try ScriptedServer(.send(reply("200 OK", PEMBlock(issuer).text))) }

  private func fetch(
    _ location: String, proxy: HTTPProxy? = nil, permitting places: Set<AddressPlace> = [.loopback]
  ) async -> [Certificate] {
    await fetcher.certificates(at: location, proxy: proxy, permitting: places)
  }

  @Test func `an answer is kept for a day`() async throws {
    let server = try server()
    for _ in 1...3 { #expect(await fetch(server.url) == [issuer]) }
    #expect(server.requests.count == 1)
    clock.advance(by: .seconds(24 * 3600 + 1))
    #expect(await fetch(server.url) == [issuer])
    #expect(server.requests.count == 2)
  }

  @Test(arguments: ["404 Not Found", "200 OK"]) func `a failure is kept for an hour`(status: String) async throws {
    let server = try ScriptedServer(.send(reply(status, "no certificate")))
    for _ in 1...3 { #expect(await fetch(server.url).isEmpty) }
    #expect(server.requests.count == 1)
    clock.advance(by: .seconds(3601))
    #expect(await fetch(server.url).isEmpty)
    #expect(server.requests.count == 2)
  }

  @Test(arguments: [
    "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::ffff:127.0.0.1]", "127.0.0.1.",
  ])
  func `an endpoint elsewhere cannot make this host call itself`(host: String) async throws {
    let server = try server()
    #expect(await fetch("http://\(host):\(server.port)/", permitting: []).isEmpty)
    #expect(await fetch("http://\(host):\(server.port)/", permitting: [.linkLocal, .uniqueLocal]).isEmpty)
    #expect(server.requests.isEmpty)
  }

  @Test func `what one endpoint may not fetch does not keep another from it`() async throws {
    let server = try server()
    #expect(await fetch(server.url, permitting: []).isEmpty)
    #expect(await fetch(server.url) == [issuer])
    #expect(await fetch(server.url, permitting: []).isEmpty)
  }

  @Test(arguments: ["169.254.169.254", "[fd00:ec2::254]", "localhost", "127.0.0.1", "a.localhost"])
  func `a proxy is not asked for what lies behind it`(host: String) async throws {
    let proxy = try server()
    let settings = HTTPProxy(host: "127.0.0.1", port: proxy.port)
    #expect(await fetch("http://\(host)/latest/meta-data", proxy: settings, permitting: []).isEmpty)
    #expect(proxy.requests.isEmpty)
    #expect(await fetch("http://ca.example/issuer.cer", proxy: settings, permitting: []) == [issuer])
    #expect(proxy.requests.count == 1)
  }

  @Test func `credentials of the address are never sent`() async throws {
    let server = try server()
    for url in ["http://user:secret@127.0.0.1:\(server.port)/", "http://user@127.0.0.1:\(server.port)/"] {
      #expect(await fetch(url).isEmpty)
    }
    #expect(server.requests.isEmpty)
    let target = server.port
    let redirecting = try ScriptedServer(
      .send(reply("302 Found", headers: ["Location: http://user:secret@127.0.0.1:\(target)/"])))
    #expect(await fetch(redirecting.url).isEmpty)
    #expect(server.requests.isEmpty)
    let request = try #require(redirecting.requests.first).lowercased()
    for header in ["authorization", "cookie", "referer"] { #expect(!request.contains("\r\n\(header):"), "\(request)") }
  }

  @Test(arguments: ["https://127.0.0.1:1/", "file:///etc/passwd", "ldap://127.0.0.1/", "", "http://"])
  func `nothing but plain HTTP is asked`(location: String) async { #expect(await fetch(location).isEmpty) }
}
