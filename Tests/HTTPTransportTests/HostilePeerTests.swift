// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTransport
import Host
import TestSupport
import Testing

/// Peers that are silent, slow, huge, broken, or lead elsewhere.
@Suite struct HostilePeerTests {
  private let client: HTTPClient

  init() throws { client = try HTTPClient() }

  @Test func aRefusedConnectionSaysSo() async throws {
    let closed = try ClosedPort()
    let request = patientRequest(url: "http://127.0.0.1:\(closed.port)/s3cret")
    guard case .connectFailed(let host, let detail)? = await failure(client, request) else {
      Issue.record("it connected to nobody")
      return
    }
    #expect(host == "127.0.0.1:\(closed.port)" && detail == "Connection refused" && !detail.contains("s3cret"))
  }

  @Test func anUnknownNameSaysSo() async throws {
    // RFC 6761: "invalid" never resolves.
    let failure = await failure(client, patientRequest(url: "http://nothing.invalid/", deadline: .seconds(5)))
    switch failure {
    case .lookupFailed(host: "nothing.invalid"), .timedOut: break
    default: Issue.record("\(String(describing: failure))")
    }
  }

  @Test func aSilentServerMeetsTheDeadline() async throws {
    let server = try ScriptedServer(.silence)
    guard case .timedOut? = await failure(client, patientRequest(url: server.url, deadline: .milliseconds(300))) else {
      Issue.record("a silent server was waited for")
      return
    }
  }

  @Test func aServerThatNeverEndsMeetsTheDeadline() async throws {
    let server = try ScriptedServer(
      .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), .silence)
    guard case .timedOut? = await failure(client, patientRequest(url: server.url, deadline: .milliseconds(300))) else {
      Issue.record("an endless response was taken")
      return
    }
  }

  @Test func aStalledServerIsGivenUpBeforeTheDeadline() async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), .silence)
    let request = patientRequest(url: server.url, stallDeadline: .seconds(1))
    guard case .timedOut(_, let detail)? = await failure(client, request) else {
      Issue.record("a stalled server was waited for")
      return
    }
    #expect(detail.contains("too slow"))
  }

  @Test(arguments: ["Content-Length: 5000\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n1000\r\n"])
  func aHugeBodyIsCutOff(head: String) async throws {
    let server = try ScriptedServer(
      .send("HTTP/1.1 200 OK\r\n\(head)"), .sendForEver(String(repeating: "x", count: 4096)))
    #expect(
      await failure(client, patientRequest(url: server.url, responseLimit: 1000))
        == .responseTooLarge(host: "127.0.0.1:\(server.port)", limit: 1000))
  }

  @Test(arguments: [
    "200 OK\r\nContent-Length: 5000", "403 Forbidden", "200 OK\r\nTransfer-Encoding: chunked", "204 No Content",
    "103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 5000",
    "302 Found\r\nLocation: /elsewhere\r\nContent-Length: 5000",
  ])
  func aBodyThatNobodyWantsIsNotWaitedFor(head: String) async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 \(head)\r\nX-Last: yes\r\n\r\n"), .silence)
    var request = patientRequest(url: server.url, responseLimit: 1)
    request.discardsBody = true
    let response = try await client.send(request)
    let last = head.components(separatedBy: "HTTP/1.1 ").last?.prefix(3)
    #expect(response.status == Int(last ?? ""))
    #expect(response.header("X-Last") == "yes" && response.header("Link") == nil && response.body.isEmpty)
  }

  @Test func aBodyThatNobodyWantsIsLeftOutOfTheTargetOfARedirect() async throws {
    let server = try ScriptedServer { request in
      request.hasPrefix("GET /there")
        ? [.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), .silence]
        : [.send(reply("302 Found", headers: ["Location: /there"]))]
    }
    var request = patientRequest(url: server.url, redirectLimit: 1)
    request.discardsBody = true
    #expect(try await client.send(request).status == 200)
  }

  @Test func aBodyOfExactlyTheLimitIsTaken() async throws {
    let server = try ScriptedServer(.send(reply("200 OK", String(repeating: "x", count: 1000))))
    #expect(try await client.send(HTTPRequest(url: server.url, responseLimit: 1000)).body.count == 1000)
    #expect(
      await failure(client, patientRequest(url: server.url, responseLimit: 999))
        == .responseTooLarge(host: "127.0.0.1:\(server.port)", limit: 999))
  }

  /// What HEAD announces never comes.
  @Test func anAnnouncedLengthDoesNotStopHead() async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"))
    let response = try await client.send(patientRequest(method: .head, url: server.url, responseLimit: 1000))
    #expect(response.status == 200 && response.body.isEmpty && response.header("content-length") == "5000")
  }

  @Test(arguments: ["X-Padding: \(String(repeating: "x", count: 1000))\r\n", "a:\r\n", "HTTP/1.1 100 Continue\r\n\r\n"])
  func endlessHeadersAreCutOff(line: String) async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 200 OK\r\n"), .sendForEver(line))
    let failure = await failure(client, patientRequest(url: server.url))
    switch failure {
    case .headersTooLarge, .connectionLost, .notHTTP: break
    default: Issue.record("\(String(describing: failure))")
    }
  }

  @Test func garbageIsNoResponse() async throws {
    for bytes: [UInt8] in [Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), [0x15, 3, 3, 0, 2, 2, 40], Array("<html>hi".utf8)] {
      let server = try ScriptedServer(.sendBytes(bytes))
      let failure = await failure(client, patientRequest(url: server.url))
      guard case .notHTTP? = failure else {
        Issue.record("\(bytes): \(String(describing: failure))")
        continue
      }
    }
  }

  @Test(arguments: [
    [ScriptedServer.Step.reset], [], [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")],
    [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")],
  ])
  func aResponseThatBreaksOffIsLost(steps: [ScriptedServer.Step]) async throws {
    let server = try ScriptedServer { _ in steps }
    let failure = await failure(client, patientRequest(url: server.url))
    guard case .connectionLost? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func redirectsAreNotFollowedUnlessAsked() async throws {
    let target = try ScriptedServer(.send(reply("200 OK", "target")))
    let server = try ScriptedServer(.send(reply("302 Found", headers: ["Location: \(target.url)"])))
    let response = try await client.send(HTTPRequest(url: server.url))
    #expect(response.status == 302 && response.header("Location") == target.url)
    #expect(target.requests.isEmpty)
    let followed = try await client.send(HTTPRequest(url: server.url, redirectLimit: 1))
    #expect(followed.status == 200 && followed.header("Location") == nil)
    #expect(followed.body.copyBytes() == Array("target".utf8))
  }

  @Test func redirectsEndSomewhere() async throws {
    let server = try ScriptedServer { _ in [.send(reply("302 Found", headers: ["Location: /again"]))] }
    #expect(
      await failure(client, patientRequest(url: server.url, redirectLimit: 3))
        == .tooManyRedirects(host: "127.0.0.1:\(server.port)", limit: 3))
    #expect(server.requests.count == 4)
  }

  @Test(arguments: ["file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1/x"])
  func redirectsLeadToNothingButHTTP(location: String) async throws {
    let server = try ScriptedServer { _ in [.send(reply("302 Found", headers: ["Location: \(location)"]))] }
    #expect(
      await failure(client, patientRequest(url: server.url, redirectLimit: 3))
        == .redirectRefused(host: "127.0.0.1:\(server.port)"))
  }

  @Test func credentialsAreNeverRedirected() async throws {
    let server = try ScriptedServer(.send(reply()))
    let requests = [
      patientRequest(url: server.url, headers: [HTTPHeader("authorization", "Bearer x")], redirectLimit: 1),
      patientRequest(url: server.url, headers: [HTTPHeader("X-Key", secret: secret("x"))], redirectLimit: 1),
      patientRequest(method: .post, url: server.url, body: .secret(secret("x")), redirectLimit: 1),
    ]
    for request in requests {
      guard case .invalidRequest? = await failure(client, request) else {
        Issue.record("a credential might be redirected")
        continue
      }
    }
    #expect(server.requests.isEmpty)
  }

  @Test func anAddressThatAStrangerMustNotChooseIsRefused() async throws {
    let server = try ScriptedServer(.send(reply()))
    var request = HTTPRequest(url: "http://localhost:\(server.port)/", refusedPlaces: [.loopback])
    guard case .addressRefused(let host, let address)? = await failure(client, request) else {
      Issue.record("it was let through")
      return
    }
    #expect(host == "localhost:\(server.port)" && ["127.0.0.1", "::1"].contains(address))
    #expect(server.requests.isEmpty)
    request.refusedPlaces = [.linkLocal, .uniqueLocal]
    #expect(try await client.send(request).status == 200)
  }

  @Test func aRedirectToSuchAnAddressIsRefused() async throws {
    let server = try ScriptedServer(
      .send(reply("302 Found", headers: ["Location: http://169.254.169.254/latest/meta-data"])))
    let failure = await failure(
      client, HTTPRequest(url: server.url, refusedPlaces: [.linkLocal, .uniqueLocal], redirectLimit: 2))
    guard case .addressRefused(_, "169.254.169.254")? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.culprit == .server)
  }
}
