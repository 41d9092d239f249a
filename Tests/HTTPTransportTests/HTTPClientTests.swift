// SPDX-License-Identifier: Apache-2.0

import Certificates
import HTTPTransport
import Host
import TestSupport
import Testing

/// The failure of a request, or `nil` if it was answered.
func failure(_ client: HTTPClient, _ request: HTTPRequest) async -> HTTPFailure? {
  do throws(HTTPFailure) {
    _ = try await client.send(request)
    return nil
  } catch {
    return error
  }
}

func secret(_ text: String) -> SecretBytes { SecretBytes(copying: text.utf8) }

@Suite struct HTTPClientTests {
  private let client: HTTPClient

  init() throws { client = try HTTPClient() }

  @Test func fetchesABody() async throws {
    let server = try ScriptedServer(
      .send(reply(headers: ["X-One:  a b  ", "x-two:", "Retry-After: 7"], "hello")))
    let response = try await client.send(HTTPRequest(url: server.url))
    #expect(response.status == 200 && response.isSuccess)
    #expect(response.body.copyBytes() == Array("hello".utf8))
    #expect(response.header("x-ONE") == "a b" && response.header("X-Two") == "")
    #expect(response.retryAfter == .delay(.seconds(7)))
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("GET /secret-path?secret-query HTTP/1.1\r\n"))
    #expect(request.contains("User-Agent: certrotd\r\n"))
    #expect(!request.contains("Content-Type") && !request.contains("Accept-Encoding"))
  }

  @Test(arguments: [HTTPMethod.post, .put, .patch, .delete])
  func sendsABody(method: HTTPMethod) async throws {
    let server = try ScriptedServer(.send(reply("201 Created")))
    let response = try await client.send(
      patientRequest(
        method: method, url: server.url,
        headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("X-Empty", "")],
        body: .secret(secret("{\"a\": 1}"))))
    #expect(response.status == 201)
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("\(method.rawValue) "))
    #expect(request.contains("Content-Type: application/json\r\n") && request.contains("X-Empty:\r\n"))
    #expect(request.hasSuffix("\r\n\r\n{\"a\": 1}") && request.contains("Content-Length: 8\r\n"))
  }

  @Test func largeBodiesAreSentWithoutAsking() async throws {
    let server = try ScriptedServer(.send(reply()))
    let body = [UInt8](repeating: 65, count: 3_000_000)
    _ = try await client.send(HTTPRequest(method: .post, url: server.url, body: .bytes(body)))
    let request = try #require(server.requests.first)
    #expect(request.utf8.count > 3_000_000 && !request.lowercased().contains("expect:"))
    #expect(!request.prefix(1000).contains("Content-Type"))
  }

  @Test func headAndDeleteCarryNothing() async throws {
    let server = try ScriptedServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"))
    #expect(try await client.send(HTTPRequest(method: .head, url: server.url)).body.isEmpty)
    let deleting = try ScriptedServer(.send(reply("204 No Content")))
    #expect(try await client.send(HTTPRequest(method: .delete, url: deleting.url)).status == 204)
    #expect(deleting.requests.first?.hasPrefix("DELETE ") == true)
  }

  @Test(arguments: [HTTPMethod.post, .put, .patch, .delete, .options])
  func sendsNoBodyWhereThereIsNone(method: HTTPMethod) async throws {
    let server = try ScriptedServer(.send(reply("204 No Content")))
    #expect(try await client.send(patientRequest(method: method, url: server.url)).status == 204)
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("\(method.rawValue) ") && request.hasSuffix("\r\n\r\n"))
    // RFC 9110, section 8.6: whose method has a use for content says that there is none.
    #expect(request.contains("Content-Length: 0\r\n") == [.post, .put, .patch].contains(method))
  }

  @Test func secretHeadersAreSent() async throws {
    let server = try ScriptedServer(.send(reply("401 Unauthorized")))
    let response = try await client.send(
      patientRequest(url: server.url, headers: [HTTPHeader("Authorization", secret: secret("Bearer t0ken"))]))
    #expect(response.status == 401 && !response.isSuccess)
    #expect(server.requests.first?.contains("Authorization: Bearer t0ken\r\n") == true)
  }

  @Test func interimResponsesArePassedOver() async throws {
    let server = try ScriptedServer(
      .send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"), .send(reply(headers: ["X-Late: 1"], "x")))
    let response = try await client.send(HTTPRequest(url: server.url))
    #expect(response.status == 200 && response.header("X-Early") == nil && response.header("X-Late") == "1")
  }

  @Test(arguments: [
    "ftp://127.0.0.1/x", "file:///etc/passwd", "http://user:hush@127.0.0.1/", "http://hush@127.0.0.1/", "", "nothing",
    "http://", "http://a b/", "http://[::1", "http://127.0.0.1/\u{0}hush",
  ])
  func refusesOtherURLs(url: String) async throws {
    let failure = try #require(await failure(client, patientRequest(url: url)))
    guard case .invalidRequest(let sentence) = failure else {
      Issue.record("\(failure)")
      return
    }
    #expect(!sentence.contains("hush") && failure.culprit == .configuration)
  }

  @Test func refusesHeadersThatWouldBeginAnother() async throws {
    let server = try ScriptedServer(.send(reply()))
    for header in [
      HTTPHeader("X", "a\r\nY: b"), HTTPHeader("X\r\nY", "b"), HTTPHeader("", "x"), HTTPHeader("a b", "x"),
      HTTPHeader("X", secret: secret("a\nb")), HTTPHeader("X", "nul\u{0}"),
    ] {
      guard case .invalidRequest? = await failure(client, patientRequest(url: server.url, headers: [header])) else {
        Issue.record("\(header.name) was sent")
        continue
      }
    }
    #expect(server.requests.isEmpty)
  }

  @Test func getHasNoBody() async throws {
    guard case .invalidRequest? = await failure(client, patientRequest(url: "http://127.0.0.1:1/", body: .bytes([1])))
    else {
      Issue.record("a GET with a body was sent")
      return
    }
  }

  @Test func manyRequestsRunAtATime() async throws {
    let server = try ScriptedServer { _ in [.send(reply("200 OK", "x"))] }
    let client = client
    try await withThrowingTaskGroup { group in
      for _ in 0..<100 {
        group.addTask { try await client.send(HTTPRequest(url: server.url)).status }
      }
      for try await status in group { #expect(status == 200) }
    }
    #expect(server.requests.count == 100)
  }

  @Test func aCancelledRequestEndsAtOnce() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let server = try ScriptedServer { _ in
      arrival.yield()
      return [.silence]
    }
    let (client, url) = (client, server.url)
    let task = Task { await failure(client, patientRequest(url: url)) }
    for await _ in arrived { break }
    task.cancel()
    #expect(await task.value == .cancelled)
    // One that is cancelled before it begins is answered too.
    let early = Task { await failure(client, patientRequest(url: url)) }
    early.cancel()
    #expect(await early.value == .cancelled)
  }

  @Test func shuttingDownAnswersEverything() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let server = try ScriptedServer { _ in
      arrival.yield()
      return [.silence]
    }
    let (client, url) = (client, server.url)
    let task = Task { await failure(client, patientRequest(url: url)) }
    for await _ in arrived { break }
    client.shutDown()
    #expect(await task.value == .shutDown)
    #expect(await failure(client, patientRequest(url: url)) == .shutDown)
  }
}
