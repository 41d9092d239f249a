// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import Synchronization
import TestSupport
import Testing

@testable import ServiceKeys

struct LoginTests {
  private let memory = StubMemory()
  private let wallClock = StubWallClock()
  private let password = LoginMethod.password(user: "robot@example", password: secret("p&=ä"), origin: "acme-platform")

  private func session(_ platform: StubPlatform, _ method: LoginMethod? = nil) throws -> LoginSession {
    LoginSession(
      method ?? password, at: platform.url + "/oauth/token", network: try testNetwork(wallClock: wallClock),
      memory: memory)
  }

  private static func token(_ number: Int, lifetime: Int = 1200, refresh: Bool = true) -> String {
    let refreshToken = refresh ? ",\"refresh_token\":\"refresh-\(number)\"" : ""
    return reply(
      "200 OK",
      "{\"access_token\":\"access-\(number)\",\"token_type\":\"bearer\",\"expires_in\":\(lifetime)\(refreshToken)}")
  }

  @Test func `a password login names its origin and keeps the refresh token`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number) }
    let session = try session(platform)
    let token = try await session.token()
    #expect(plain(token.header) == "bearer access-1")
    let asked = try #require(platform.asked.first)
    #expect(asked.target == "/oauth/token?login_hint=%7B%22origin%22%3A%22acme-platform%22%7D")
    #expect(asked.body == "grant_type=password&username=robot%40example&password=p%26%3D%C3%A4")
    #expect(asked.headers.contains("Authorization: Basic Y2Y6"))
    #expect(memory.all[session.name]?.refreshToken == secret("refresh-1"))
  }

  @Test func `a token is shared until a minute before its end, then refreshed, and the returned refresh token is kept`()
    async throws
  {
    let platform = try StubPlatform { _, number, _ in Self.token(number) }
    let session = try session(platform)
    #expect(plain(try await session.token().header) == "bearer access-1")
    wallClock.advance(1139)
    #expect(plain(try await session.token().header) == "bearer access-1")
    wallClock.advance(1)
    #expect(plain(try await session.token().header) == "bearer access-2")
    #expect(platform.asked.last?.body == "grant_type=refresh_token&refresh_token=refresh-1")
    #expect(memory.all[session.name]?.refreshToken == secret("refresh-2"))
    wallClock.advance(1140)
    _ = try await session.token()
    #expect(platform.asked.last?.body == "grant_type=refresh_token&refresh_token=refresh-2")
  }

  @Test func `a restart goes on with the kept refresh token`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number) }
    _ = try await session(platform).token()
    _ = try await session(platform).token()
    #expect(
      platform.asked.map { $0.body.prefix(21) }
        == ["grant_type=password&us", "grant_type=refresh_to"].map { $0.prefix(21) })
  }

  @Test func `a refused refresh token leads to one login`() async throws {
    let platform = try StubPlatform { asked, number, _ in
      asked.body.contains("grant_type=refresh_token")
        ? reply("401 Unauthorized", "{\"error\":\"invalid_token\",\"error_description\":\"expired\"}")
        : Self.token(number)
    }
    try await memory.keep(
      LoginRecord(refreshToken: secret("old")),
      of: LoginName(endpoint: platform.url + "/oauth/token", principal: password.principal), proof: password.secret)
    let session = try session(platform)
    #expect(plain(try await session.token().header) == "bearer access-2")
    #expect(memory.all[session.name]?.refreshToken == secret("refresh-2"))
  }

  @Test func `a refused password is asked for once, over restarts, until it changes`() async throws {
    let platform = try StubPlatform { asked, number, _ in
      asked.body.contains("password=new")
        ? Self.token(number)
        : reply("401 Unauthorized", "{\"error\":\"unauthorized\",\"error_description\":\"Bad credentials\"}")
    }
    let first = try session(platform)
    for _ in 0..<3 {
      let failure = await platformFailure { () async throws(PlatformFailure) in try await first.token() }
      #expect(failure?.kind == .loginRefused && failure?.culprit == .configuration)
      #expect(failure?.words.contains("unauthorized, Bad credentials") == true)
    }
    let restarted = try session(platform)
    #expect(await platformFailure { () async throws(PlatformFailure) in try await restarted.token() } != nil)
    #expect(platform.asked.count == 1)

    let changed = LoginMethod.password(user: "robot@example", password: secret("new"), origin: "acme-platform")
    let corrected = try session(platform, changed)
    #expect(plain(try await corrected.token().header) == "bearer access-2")
    #expect(memory.all[corrected.name]?.refusal == nil)
  }

  @Test(
    arguments: ["400 Bad Request", "401 Unauthorized"], ["invalid_grant", "invalid_client", "unauthorized_client"])
  func `a refusal in the standard's words is remembered, whatever its status`(
    status: String, error: String
  ) async throws {
    let platform = try StubPlatform { _, _, _ in reply(status, "{\"error\":\"\(error)\"}") }
    try await memory.keep(
      LoginRecord(refreshToken: secret("old")),
      of: LoginName(endpoint: platform.url + "/oauth/token", principal: password.principal), proof: password.secret)
    let session = try session(platform)
    for _ in 0..<3 {
      let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
      #expect(failure?.kind == .loginRefused && failure?.culprit == .configuration)
    }
    #expect(
      platform.asked.map { $0.body.prefix(24) } == ["grant_type=refresh_token", "grant_type=password&user"],
      "a refresh token that is refused leads to one login, and that to none")
    #expect(memory.all[session.name]?.refusal != nil)
  }

  @Test func `a request that the token endpoint does not understand is no refusal of the proof`() async throws {
    let platform = try StubPlatform { _, _, _ in reply("400 Bad Request", "{\"error\":\"unsupported_grant_type\"}") }
    let session = try session(platform)
    let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
    #expect(failure?.kind == .refused && failure?.culprit == .platform)
    #expect(memory.all[session.name]?.refusal == nil)
  }

  struct Rest: Sendable {
    var user = "robot@example"
    var said: String
    var seconds: TimeInterval
  }

  @Test(arguments: [
    Rest(said: "Bad credentials", seconds: 12 * 3600),
    Rest(said: "Your account has been locked because of too many failed attempts to login.", seconds: 3600),
    Rest(user: "locked@example", said: "Bad credentials", seconds: 12 * 3600),
  ])
  func `a refused user is tried again when that can do no harm`(rest: Rest) async throws {
    let platform = try StubPlatform { _, number, _ in
      number == 1
        ? reply("401 Unauthorized", "{\"error\":\"unauthorized\",\"error_description\":\"\(rest.said)\"}")
        : Self.token(number)
    }
    let session = try session(platform, .password(user: rest.user, password: secret("p"), origin: nil))
    for pause in [0, rest.seconds - 1] {
      wallClock.advance(pause)
      #expect(await platformFailure { () async throws(PlatformFailure) in try await session.token() } != nil)
    }
    #expect(platform.asked.count == 1)
    wallClock.advance(1)
    #expect(plain(try await session.token().header) == "bearer access-2")
  }

  @Test(arguments: [true, false])
  func `an operator's word has a refused proof tried once more, each hour at most`(afterRestart: Bool) async throws {
    let platform = try StubPlatform { _, number, _ in
      number < 3 ? reply("401 Unauthorized", "{\"error\":\"unauthorized\"}") : Self.token(number)
    }
    var pool = LoginPool(memory: memory)
    func failure() async throws -> PlatformFailure? {
      let network = try testNetwork(wallClock: wallClock)
      let session = await pool.session(password, at: platform.url + "/oauth/token", network: network)
      return await platformFailure { () async throws(PlatformFailure) in try await session.token() }
    }
    #expect(try await failure()?.kind == .loginRefused)
    await pool.pardon(.password(user: "somebody else", password: password.secret, origin: "acme-platform"))
    await pool.pardon(.password(user: "robot@example", password: secret("another"), origin: "acme-platform"))
    for asked in 2...3 {
      #expect(try await failure()?.kind == .loginRefused)
      #expect(platform.asked.count == asked - 1, "a refused proof is not sent again by itself")
      for pause in [0, LoginState.restByHand - 1] {
        wallClock.advance(pause)
        if afterRestart { pool = LoginPool(memory: memory) }
        await pool.pardon(password)
        let words = try await failure()?.words ?? ""
        #expect(words.contains("'password-credential'") && words.contains("could lock the user"), "\(words)")
        #expect(platform.asked.count == asked - 1, "tries by hand lock a user, too")
      }
      wallClock.advance(1)
      await pool.pardon(password)
      #expect(try await failure()?.kind == (asked == 2 ? .loginRefused : nil))
      #expect(platform.asked.count == asked)
    }
    #expect(memory.all.values.first?.refusal == nil)
  }

  @Test func `of two proofs for one user the wrong one spoils nothing, and is sent once`() async throws {
    let platform = try StubPlatform { asked, number, _ in
      asked.body.contains("password=wrong")
        ? reply("401 Unauthorized", "{\"error\":\"unauthorized\",\"error_description\":\"Bad credentials\"}")
        : Self.token(number)
    }
    let network = try testNetwork(wallClock: wallClock)
    let wrong = LoginMethod.password(user: "robot@example", password: secret("wrong"), origin: "acme-platform")
    var pool = LoginPool(memory: memory)
    for round in 0..<6 {
      if round == 3 { pool = LoginPool(memory: memory) }
      for method in [password, wrong] {
        let session = await pool.session(method, at: platform.url + "/oauth/token", network: network)
        let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
        #expect(failure?.kind == (method == wrong ? .loginRefused : nil), "round \(round)")
      }
      wallClock.advance(1800)
    }
    #expect(platform.asked.count { $0.body.contains("password=wrong") } == 1)
    #expect(platform.asked.count { $0.body.contains("grant_type=password") } == 2, "and the right one is refreshed")
    let session = await pool.session(wrong, at: platform.url + "/oauth/token", network: network)
    #expect(await pool.session(wrong, at: platform.url + "/oauth/token", network: network) === session)
  }

  @Test func `many callers make one login`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number) }
    let session = try session(platform)
    try await withThrowingTaskGroup { group in
      for _ in 0..<50 { group.addTask { plain(try await session.token().header) } }
      for try await header in group { #expect(header == "bearer access-1") }
    }
    #expect(platform.asked.count == 1)
  }

  @Test(.timeLimit(.minutes(5)))
  func `who is cancelled is not held by a login that hangs, and the others get its token`() async throws {
    let client = HeldClient()
    var network = try testNetwork(wallClock: wallClock)
    network.client = client
    let session = LoginSession(password, at: "https://uaa.example/oauth/token", network: network, memory: memory)
    let first = Task { await platformFailure { () async throws(PlatformFailure) in try await session.token() } }
    for await _ in client.begun { break }
    let second = Task { await platformFailure { () async throws(PlatformFailure) in try await session.token() } }
    let third = Task { try await session.token() }
    for task in [first, second] {
      task.cancel()
      let failure = await task.value
      #expect(failure?.kind == .cancelled && failure?.culprit == .certrotd)
    }
    client.release(Self.grant)
    #expect(plain(try await third.value.header) == "bearer access-1")
    #expect(memory.all[session.name]?.refreshToken == secret("refresh-1"))
  }

  private static let grant = #"{"access_token":"access-1","expires_in":1200,"refresh_token":"refresh-1"}"#

  @Test func `never more than eight logins of a user within twelve hours`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number, lifetime: 60, refresh: false) }
    let session = try session(platform)
    for _ in 0..<LoginState.mostLogins { _ = try await session.token() }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
    #expect(failure?.kind == .tooManyLogins)
    #expect(platform.asked.count == LoginState.mostLogins)
    wallClock.advance(LoginState.sessionWindow)
    _ = try await session.token()
  }

  @Test func `logins of one user are counted together, whatever the proof`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number, lifetime: 60, refresh: false) }
    let network = try testNetwork(wallClock: wallClock)
    let pool = LoginPool(memory: memory)
    let other = LoginMethod.password(user: "robot@example", password: secret("other"), origin: "acme-platform")
    var refused = 0
    for method in Array(repeating: [password, other], count: LoginState.mostLogins).joined() {
      let session = await pool.session(method, at: platform.url + "/oauth/token", network: network)
      let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
      if failure?.kind == .tooManyLogins { refused += 1 }
    }
    #expect(platform.asked.count == LoginState.mostLogins && refused == LoginState.mostLogins)
  }

  @Test func `a login is not sent twice when its outcome is unknown`() async throws {
    let platform = try StubPlatform { _, _, _ in StubPlatform.reset }
    let session = try session(platform)
    let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
    #expect(failure?.kind == .unreachable)
    #expect(platform.asked.count == 1)
  }

  @Test func `clients log in with secret or certificate and get no user session`() async throws {
    let platform = try StubPlatform { _, number, _ in Self.token(number) }
    let session = try session(platform, .clientSecret(clientID: "sb-x!b1|y!b2", secret: secret("s")))
    _ = try await session.token()
    #expect(platform.asked.first?.body == "grant_type=client_credentials&client_id=sb-x%21b1%7Cy%21b2&client_secret=s")
    #expect(memory.all[session.name]?.refreshToken == nil)
  }

  @Test(arguments: [
    "", "[]", "{\"access_token\":\"\"}", "{\"access_token\":5}", "<html>", String(repeating: "[", count: 100_000),
    "{\"access_token\":\"x\",\"token_type\":\"mac\"}",
  ])
  func `an answer that is none is said to be none`(body: String) async throws {
    let platform = try StubPlatform { _, _, _ in reply("200 OK", body) }
    let session = try session(platform)
    let failure = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
    #expect(failure?.kind == .malformed && failure?.culprit == .platform)
  }

  @Test(arguments: [
    HTTPFailure.identityRefused(host: "uaa.example", detail: "alert certificate revoked"),
    .unusableIdentity(host: "uaa.example", detail: "no key"),
  ])
  func `a login certificate that no handshake takes is a refused login`(failure: HTTPFailure) async throws {
    var network = try testNetwork(wallClock: wallClock)
    let client = FailingClient(failure: failure)
    network.client = client
    let session = LoginSession(
      .clientCertificate(clientID: "c", identity: secret("pem")), at: "https://uaa.example/oauth/token",
      network: network, memory: memory)
    for _ in 0..<2 {
      let told = await platformFailure { () async throws(PlatformFailure) in try await session.token() }
      #expect(told?.kind == .loginRefused && told?.culprit == .configuration)
      #expect(told?.words.contains(failure.description) == true)
    }
    #expect(client.calls.withLock { $0 } == 1)
  }

  @Test func `a passcode is fetched and used as password`() async throws {
    let login = LoginMethod.Passcode(
      user: "robot", tenant: "http://127.0.0.1:1", identity: secret(""), origin: "acme-platform")
    // Mutual TLS is the transport's affair; here only what is asked and where the passcode goes.
    let platform = try StubPlatform { asked, number, _ in
      asked.path == "/service/users/passcode" ? reply("200 OK", "{\"passcode\":\"Ab1\"}") : Self.token(number)
    }
    var here = login
    here.tenant = platform.url + "/"
    let client = PlainClient(client: try HTTPClient())
    var network = try testNetwork(wallClock: wallClock)
    network.client = client
    let session = LoginSession(
      .passcode(here), at: platform.url + "/oauth/token", network: network, memory: memory)
    _ = try await session.token()
    #expect(platform.asked.map(\.path) == ["/service/users/passcode", "/oauth/token"])
    #expect(platform.asked.last?.body == "grant_type=password&username=robot&password=Ab1")
    #expect(client.identities.withLock { $0 } == [true, false])
  }
}

/// Leaves the client certificate away, since the stub has no TLS, and remembers whether there was one.
private final class PlainClient: HTTPSending {
  let client: HTTPClient
  let identities = Mutex<[Bool]>([])

  init(client: HTTPClient) { self.client = client }

  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    identities.withLock { $0.append(request.clientIdentity != nil) }
    var plain = request
    plain.clientIdentity = nil
    return try await client.send(plain)
  }
}

/// Answers nothing until the test says so, cancelled or not.
private final class HeldClient: HTTPSending {
  let begun: AsyncStream<Void>
  private let begin: AsyncStream<Void>.Continuation
  private let answers: AsyncStream<String>
  private let answer: AsyncStream<String>.Continuation

  init() {
    (begun, begin) = AsyncStream.makeStream()
    (answers, answer) = AsyncStream.makeStream()
  }

  func release(_ body: String) { answer.yield(body) }

  func send(_: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    begin.yield()
    for await body in answers { return HTTPResponse(status: 200, body: secret(body)) }
    throw .cancelled
  }
}

/// Reaches nobody, and counts how often it should.
private final class FailingClient: HTTPSending {
  let calls = Mutex(0)
  private let failure: HTTPFailure

  init(failure: HTTPFailure) { self.failure = failure }

  func send(_: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    calls.withLock { $0 += 1 }
    throw failure
  }
}
