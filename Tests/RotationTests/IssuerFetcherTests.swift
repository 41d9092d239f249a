// SPDX-License-Identifier: Apache-2.0

import Certificates
import Dispatch
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
    fetcher = IssuerFetcher(client: try HTTPClient(connections: 4), clock: clock, deadline: .seconds(300))
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

  @Test(arguments: [
    "169.254.169.254", "[fd00:ec2::254]", "localhost", "127.0.0.1", "a.localhost", "localhost.", "127.0.0.1.",
    "A.LocalHost.", "169.254.169.254.",
  ])
  func `a proxy is not asked for what lies behind it`(host: String) async throws {
    let proxy = try server()
    let settings = HTTPProxy(host: "127.0.0.1", port: proxy.port)
    #expect(await fetch("http://\(host)/latest/meta-data", proxy: settings, permitting: []).isEmpty)
    #expect(proxy.requests.isEmpty)
    #expect(await fetch("http://ca.example/issuer.cer", proxy: settings, permitting: []) == [issuer])
    #expect(proxy.requests.count == 1)
  }

  @Test func `what one proxy does not give another may`() async throws {
    let (first, second) = (try ScriptedServer(.send(reply("502 Bad Gateway"))), try server())
    for proxy in [first, second] {
      let found = await fetch("http://ca.example/", proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port))
      #expect(found == (proxy === second ? [issuer] : []))
    }
  }

  @Test func `an answer may be PKCS #7`() async throws {
    let folder = try TemporaryFolder()
    let issuers = try [issuer, Authority.one.get().root.certificate]
    try folder.write("issuers.pem", issuers.map { PEMBlock($0).text }.joined())
    for form in ["DER", "PEM"] {
      let made = try await OutsideTool.run(
        "openssl", ["crl2pkcs7", "-nocrl", "-certfile", "issuers.pem", "-outform", form, "-out", form],
        workingDirectory: folder.path)
      try #require(made.succeeded, "\(made.errors)")
      let body = try HostFiles().readFile(folder.file(form), limit: 1 << 16)
      let server = try ScriptedServer(
        .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n"), .sendBytes(body))
      #expect(await fetch(server.url) == issuers)
    }
  }

  /// A server that answers nobody before it is told to.
  private func slowServer() throws -> (server: ScriptedServer, gate: HeldAnswers) {
    let gate = HeldAnswers()
    let answer = reply("200 OK", PEMBlock(issuer).text)
    let server = try ScriptedServer { _ in
      gate.wait()
      return [.send(answer)]
    }
    return (server, gate)
  }

  @Test func `those who ask the same at once share one request`() async throws {
    let (server, gate) = try slowServer()
    await withTaskGroup(of: [Certificate].self) { group in
      for _ in 1...100 { group.addTask { await fetch(server.url) } }
      await gate.asked()
      while await fetcher.askers < 100 { await Task.yield() }
      gate.open()
      for await found in group { #expect(found == [issuer]) }
    }
    #expect(server.requests.count == 1)
  }

  @Test func `who is cancelled leaves the others their answer`() async throws {
    let (server, gate) = try slowServer()
    let first = Task { await fetch(server.url) }
    await gate.asked()
    let second = Task { await fetch(server.url) }
    while await fetcher.askers < 2 { await Task.yield() }
    first.cancel()
    #expect(await first.value.isEmpty)
    gate.open()
    #expect(await second.value == [issuer])
    #expect(await fetch(server.url) == [issuer])
    #expect(server.requests.count == 1)
  }

  @Test func `a fetch that everybody left is ended and forgotten`() async throws {
    let (server, gate) = try slowServer()
    let only = Task { await fetch(server.url) }
    await gate.asked()
    only.cancel()
    #expect(await only.value.isEmpty)
    gate.open()
    #expect(await fetch(server.url) == [issuer])
    #expect(server.requests.count == 2)
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

/// Holds a server's answers back, on the threads of the server.
private final class HeldAnswers: Sendable {
  private let turnstile = DispatchSemaphore(value: 0)
  private let requests = AsyncStream.makeStream(of: Void.self)

  func wait() {
    requests.continuation.yield()
    turnstile.wait()
    turnstile.signal()
  }

  /// Returns once a request has come.
  func asked() async { for await _ in requests.stream { return } }

  func open() { turnstile.signal() }
}
