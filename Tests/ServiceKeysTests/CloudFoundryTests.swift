// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import ServiceKeys
import Synchronization
import TestSupport
import Testing

struct CloudFoundryTests {
  private let pauses = PausesClock()
  private let stubs = StubKeeper()
  private let instance = PlatformInstance(guid: "7304bc3c-0000-4000-8000-000000000001", name: "cpi")

  /// A platform that answers discovery and logins itself, and hands the rest to `answer`.
  private func platform(
    _ answer: @escaping @Sendable (StubPlatform.Asked, Int, String) -> String
  ) async throws -> (CloudFoundryPlatform, StubPlatform) {
    let stub = try StubPlatform { asked, number, url in
      switch asked.path {
      case "/": reply("200 OK", "{\"links\":{\"uaa\":{\"href\":\"\(url)\"},\"login\":{\"href\":\"\(url)/login\"}}}")
      case "/oauth/token": reply("200 OK", "{\"access_token\":\"access-\(number)\",\"expires_in\":1200}")
      default: answer(asked, number, url)
      }
    }
    stubs.keep(stub)
    let connected = try await CloudFoundryPlatform.connect(
      api: stub.url, method: .password(user: "robot", password: secret("p"), origin: nil),
      network: try testNetwork(pauses: pauses), logins: LoginPool(memory: StubMemory()))
    return (connected, stub)
  }

  private func request(_ name: String = "cpi-20270115080000") -> KeyRequest {
    KeyRequest(
      instance: instance, name: name, parameters: "{\"key-type\":\"certificate\",\"validity\":365}",
      mark: KeyMark(installation: "host-a", base: "cpi"))
  }

  @Test func `a new key is asked for with its parameters and our labels, and the job is followed`() async throws {
    let (cloud, stub) = try await platform { asked, _, url in
      if asked.method == "POST" { return reply("202 Accepted", headers: ["Location: \(url)/v3/jobs/j1"]) }
      let key = "\"service_credential_binding\":{\"href\":\"\(url)/v3/service_credential_bindings/k1\"}"
      return reply("200 OK", "{\"guid\":\"j1\",\"state\":\"COMPLETE\",\"links\":{\(key)},\"errors\":[]}")
    }
    guard case .underWay(let job) = try await cloud.requestKey(request()) else {
      Issue.record("no job")
      return
    }
    #expect(job == "\(stub.url)/v3/jobs/j1")
    #expect(try await cloud.progress(of: job) == .done(guid: "k1"))
    let post = try #require(stub.asked.first { $0.method == "POST" && $0.path.hasPrefix("/v3") })
    #expect(post.headers.contains("Authorization: bearer access-2"))
    #expect(
      post.body
        == "{\"metadata\":{\"labels\":{\"certrotd-installation\":\"host-a\",\"certrotd-key\":\"cpi\",\"managed-by\":"
        + "\"certrotd\"}},\"name\":\"cpi-20270115080000\",\"relationships\":{\"service_instance\":{\"data\":{\"guid\":"
        + "\"7304bc3c-0000-4000-8000-000000000001\"}}},\"type\":\"key\",\"parameters\":{\"key-type\":\"certificate\","
        + "\"validity\":365}}")
  }

  @Test(arguments: [
    ("PROCESSING", "", "working(guid: nil)"), ("POLLING", "", "working(guid: nil)"),
    (
      "FAILED", "{\"code\":10009,\"title\":\"CF-UnableToPerform\",\"detail\":\"bind could not be completed\"}",
      "failed(guid: nil, words: \"CF-UnableToPerform, bind could not be completed\")"
    ), ("FAILED", "", "failed(guid: nil, words: \"the platform does not say why\")"),
  ])
  func `a job tells its state although the status is always 200`(
    state: String, error: String, told: String
  ) async throws {
    let (cloud, stub) = try await platform { _, _, _ in
      reply("200 OK", "{\"state\":\"\(state)\",\"errors\":[\(error)]}")
    }
    #expect("\(try await cloud.progress(of: stub.url + "/v3/jobs/j"))" == told)
  }

  struct Refusal: Sendable {
    var status: String
    var body: String
    var kind: PlatformFailure.Kind
    var words: String
    var headers: [String] = []
  }

  private static func error(_ code: Int, _ title: String, _ detail: String) -> String {
    "{\"errors\":[{\"code\":\(code),\"title\":\"\(title)\",\"detail\":\"\(detail)\"}]}"
  }

  static let refusals: [Refusal] = [
    Refusal(
      status: "403 Forbidden", body: error(10_003, "CF-NotAuthorized", "You are not authorized"), kind: .forbidden,
      words: "give the login the role that this takes"),
    Refusal(
      status: "400 Bad Request", body: error(10_005, "CF-BadQueryParameter", "bad"), kind: .refused,
      words: "CF-BadQueryParameter"),
    Refusal(
      status: "404 Not Found", body: error(10_010, "CF-ResourceNotFound", "not found"), kind: .missing,
      words: "CF-ResourceNotFound"),
    Refusal(
      status: "422 Unprocessable Entity",
      body: error(
        10_008, "CF-UnprocessableEntity",
        "The binding name is invalid. Key binding names must be unique. The service instance already has a key binding with name 'x'."
      ), kind: .nameTaken, words: "must be unique"),
    Refusal(
      status: "422 Unprocessable Entity",
      body: error(
        10_008, "CF-UnprocessableEntity", "You have exceeded your space's limit for service binding of type key."),
      kind: .quotaExceeded, words: "exceeded your space's limit"),
    Refusal(
      status: "422 Unprocessable Entity",
      body: error(10_008, "CF-UnprocessableEntity", "There is an operation in progress for the service instance."),
      kind: .busy, words: "in progress"),
    Refusal(
      status: "422 Unprocessable Entity",
      body: error(10_008, "CF-UnprocessableEntity", "Service plan does not allow bindings."), kind: .refused,
      words: "does not allow bindings"),
    Refusal(
      status: "502 Bad Gateway", body: "<html>secret page</html>", kind: .unavailable,
      words: "answered 502 (POST http://127.",
      headers: ["Content-Type: text/html"]),
    Refusal(
      status: "503 Service Unavailable", body: "<html>secret page</html>", kind: .unavailable,
      words: "the platform's router answered 503: nothing behind it answers (no_endpoints) (POST http://127.",
      headers: ["Content-Type: text/html", "X-Cf-RouterError: no_endpoints"]),
    Refusal(
      status: "404 Not Found", body: "404 Not Found: Requested route does not exist.", kind: .unavailable,
      words: "the platform's router answered 404: it knows no such address, as while an application is replaced",
      headers: ["Content-Type: text/plain", "X-Cf-RouterError: unknown_route"]),
    Refusal(
      status: "404 Not Found", body: "<html>secret page</html>", kind: .missing,
      words: "whatever is at this address, it does not know what was asked for",
      headers: ["Content-Type: text/html"]),
    Refusal(
      status: "429 Too Many Requests", body: error(10_013, "CF-RateLimitExceeded", "Rate Limit Exceeded"),
      kind: .rateLimited, words: "CF-RateLimitExceeded",
      headers: ["Content-Type: text/plain; charset=utf-8", "Retry-After: 1800"]),
  ]

  @Test(arguments: refusals)
  func `every error of the platform is told apart`(refusal: Refusal) async throws {
    let (cloud, stub) = try await platform { _, _, _ in reply(refusal.status, headers: refusal.headers, refusal.body) }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await cloud.requestKey(request()) }
    #expect(failure?.kind == refusal.kind)
    #expect(failure?.words.contains(refusal.words) == true, "\(failure?.words ?? "")")
    #expect(failure?.words.contains("secret") == false)
    #expect(failure?.mayHaveHappened == (refusal.kind == .unavailable))
    #expect(failure?.retryAfter == (refusal.kind == .rateLimited ? .seconds(1800) : nil))
    #expect(stub.asked.count { $0.method == "POST" && $0.path.hasPrefix("/v3") } == 1)
  }

  @Test func `a redirect and an answer of something else name the call`() async throws {
    let (moved, _) = try await platform { _, _, _ in
      reply("302 Found", headers: ["Location: https://elsewhere.example/"], "")
    }
    let redirect = await platformFailure { () async throws(PlatformFailure) in try await moved.keys(of: instance) }
    let words = redirect?.words ?? ""
    #expect(
      words.hasPrefix("listing the keys of cpi: answered 302, a redirect, which is not followed (GET http://"),
      "\(words)")
    #expect(words.hasSuffix("/v3/service_credential_bindings)"), "\(words)")
    let (portal, _) = try await platform { _, _, _ in reply("200 OK", "<html>log in, please</html>") }
    let page = await platformFailure { () async throws(PlatformFailure) in try await portal.keys(of: instance) }
    let other = page?.words ?? ""
    #expect(other.contains("the list is not the JSON that was expected (GET http://"), "\(other)")
  }

  @Test func `a token that ends in the middle is replaced once`() async throws {
    let (cloud, stub) = try await platform { asked, _, _ in
      asked.headers.contains("bearer access-2")
        ? reply("401 Unauthorized", Self.error(1000, "CF-InvalidAuthToken", "Invalid Auth Token"))
        : reply("200 OK", "{\"resources\":[]}")
    }
    #expect(try await cloud.keys(of: instance).isEmpty)
    #expect(stub.asked.count { $0.path == "/oauth/token" } == 2)
  }

  @Test func `a login that no call accepts is not repeated for ever`() async throws {
    let (cloud, stub) = try await platform { _, _, _ in
      reply("401 Unauthorized", Self.error(1000, "CF-InvalidAuthToken", "Invalid Auth Token"))
    }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(failure?.kind == .unauthorized)
    #expect(stub.asked.count { $0.path == "/oauth/token" } == 2)
  }

  @Test func `keys are listed over all pages, with whose they are and what is being done to them`() async throws {
    func key(_ name: String, _ operation: String, _ labels: String = "{}") -> String {
      "{\"guid\":\"\(name)-guid\",\"name\":\"\(name)\",\"created_at\":\"2026-01-02T03:04:05Z\",\"metadata\":{\"labels\":"
        + "\(labels)},\"last_operation\":\(operation)}"
    }
    let ours = "{\"managed-by\":\"certrotd\",\"certrotd-installation\":\"host-b\",\"certrotd-key\":\"cpi\"}"
    let first = key("a", "{\"type\":\"create\",\"state\":\"succeeded\"}", ours) + "," + key("b", "null")
    let second =
      key("c", "{\"type\":\"create\",\"state\":\"in progress\"}") + ","
      + key("d", "{\"type\":\"create\",\"state\":\"failed\"}") + ","
      + key("e", "{\"type\":\"delete\",\"state\":\"failed\"}")
    let (cloud, stub) = try await platform { asked, _, url in
      asked.target.contains("?page=2")
        ? reply("200 OK", "{\"pagination\":{\"next\":null},\"resources\":[\(second)]}")
        : reply(
          "200 OK",
          "{\"pagination\":{\"next\":{\"href\":\"\(url)/v3/service_credential_bindings?page=2\"}},\"resources\":[\(first)]}"
        )
    }
    let keys = try await cloud.keys(of: instance)
    #expect(keys.map(\.name) == ["a", "b", "c", "d", "e"])
    #expect(keys.map(\.state) == [.ready, .ready, .creating, .createFailed, .deleteFailed])
    #expect(keys.first?.mark == KeyMark(installation: "host-b", base: "cpi") && keys.last?.mark == nil)
    #expect(keys.first?.createdAt == Date(timeIntervalSince1970: 1_767_323_045))
    #expect(
      stub.asked.contains { $0.target.contains("service_instance_guids=7304bc3c") && $0.target.contains("type=key") })
  }

  @Test func `neither token nor job goes to a host that the platform points to`() async throws {
    let (cloud, _) = try await platform { asked, _, _ in
      asked.method == "POST"
        ? reply("202 Accepted", headers: ["Location: https://evil.example/v3/jobs/1"])
        : reply(
          "200 OK", "{\"pagination\":{\"next\":{\"href\":\"https://evil.example/\"}},\"resources\":[]}")
    }
    let posting = await platformFailure { () async throws(PlatformFailure) in try await cloud.requestKey(request()) }
    #expect(posting?.kind == .malformed && posting?.mayHaveHappened == true)
    let listing = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(listing?.kind == .malformed)
  }

  @Test func `a list that never ends is given up`() async throws {
    let (cloud, _) = try await platform { _, _, url in
      reply("200 OK", "{\"pagination\":{\"next\":{\"href\":\"\(url)/v3/again\"}},\"resources\":[]}")
    }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(failure?.kind == .malformed)
  }

  @Test func `a list that is too long to be held is given up`() async throws {
    let page = (0..<2100).map { "{\"guid\":\"k\($0)\"}" }.joined(separator: ",")
    let (cloud, stub) = try await platform { _, _, url in
      reply("200 OK", "{\"pagination\":{\"next\":{\"href\":\"\(url)/v3/again\"}},\"resources\":[\(page)]}")
    }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(failure?.kind == .malformed && failure?.words.contains("more than 20000") == true)
    #expect(stub.asked.count { $0.path.hasPrefix("/v3") } == 10)
  }

  static let badGUIDs = [
    "", ".", "..", "a/b", "a b", "../organizations", "a?b", "ä", String(repeating: "a", count: 256),
  ]

  @Test(arguments: badGUIDs.map { ($0, "n") } + [("g", String(repeating: "n", count: 1025))])
  func `what can be no identifier or no name is not taken for one`(guid: String, name: String) async throws {
    let (cloud, _) = try await platform { _, _, _ in
      reply("200 OK", "{\"guid\":\"\(guid)\",\"resources\":[{\"guid\":\"\(guid)\",\"name\":\"\(name)\"}]}")
    }
    let listing = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(listing?.kind == .malformed && listing?.culprit == .platform)
    let finding = await platformFailure { () async throws(PlatformFailure) in
      try await cloud.instance(InstanceReference(instance: "cpi"))
    }
    #expect(finding?.kind == .malformed)
    guard name == "n" else { return }
    let making = await platformFailure { () async throws(PlatformFailure) in try await cloud.requestKey(request()) }
    #expect(making?.kind == .malformed && making?.mayHaveHappened == true)
  }

  @Test(arguments: ["..", "a%2Fb", "k!"])
  func `a job that names no key of ours is not believed`(last: String) async throws {
    let (cloud, stub) = try await platform { _, _, _ in
      reply(
        "200 OK", "{\"state\":\"COMPLETE\",\"links\":{\"service_credential_binding\":{\"href\":\"/v3/\(last)\"}}}")
    }
    let failure = await platformFailure { () async throws(PlatformFailure) in
      try await cloud.progress(of: stub.url + "/v3/jobs/j")
    }
    #expect(failure?.kind == .malformed)
  }

  @Test func `deleting tells of a job, and of a key that is gone`() async throws {
    let (cloud, _) = try await platform { asked, _, url in
      asked.path.hasSuffix("/k1")
        ? reply("202 Accepted", headers: ["Location: \(url)/v3/jobs/j2"]) : reply("404 Not Found")
    }
    guard case .underWay = try await cloud.deleteKey("k1") else {
      Issue.record("no job")
      return
    }
    #expect(try await cloud.deleteKey("k2") == .gone)
  }

  @Test func `an instance is found by name within its space, and ambiguity is refused`() async throws {
    let (cloud, stub) = try await platform { asked, _, _ in
      let found =
        switch asked.path {
        case "/v3/organizations": "{\"guid\":\"o1\",\"name\":\"acme\"}"
        case "/v3/spaces": "{\"guid\":\"s1\",\"name\":\"prod\"}"
        default:
          asked.target.contains("space_guids=s1")
            ? "{\"guid\":\"i1\",\"name\":\"cpi\"}"
            : "{\"guid\":\"i1\",\"name\":\"cpi\"},{\"guid\":\"i2\",\"name\":\"cpi\"}"
        }
      return reply("200 OK", "{\"resources\":[\(found)]}")
    }
    let reference = InstanceReference(instance: "cpi", organization: "acme", space: "prod")
    #expect(try await cloud.instance(reference) == PlatformInstance(guid: "i1", name: "cpi"))
    #expect(stub.asked.contains { $0.target == "/v3/spaces?names=prod&organization_guids=o1" })
    let failure = await platformFailure { () async throws(PlatformFailure) in
      try await cloud.instance(InstanceReference(instance: "cpi"))
    }
    #expect(failure?.kind == .ambiguous && failure?.culprit == .configuration)
  }

  @Test func `each call goes the way of its own host`() async throws {
    let client = RoutedClient()
    var network = try testNetwork()
    network.client = client
    network.route = { url in
      url.hasPrefix("https://api.example/") ? .direct : .through(HTTPProxy(host: "proxy.example", port: 3128))
    }
    let passcode = LoginMethod.Passcode(
      user: "robot", tenant: "https://tenant.example", identity: secret("pem"), origin: nil)
    let cloud = try await CloudFoundryPlatform.connect(
      api: "https://api.example", method: .passcode(passcode), network: network, logins: LoginPool(memory: StubMemory())
    )
    #expect(try await cloud.keys(of: instance).isEmpty)
    #expect(
      client.taken.withLock { $0 } == [
        "api.example directly", "tenant.example through proxy.example", "uaa.example through proxy.example",
        "api.example directly",
      ])
  }

  @Test func `a way that is not known fails the call`() async throws {
    var network = try testNetwork()
    let failure = PlatformFailure(.local, .configuration, "the proxy's credential cannot be read")
    network.route = { _ throws(PlatformFailure) in throw failure }
    let told = await platformFailure { () async throws(PlatformFailure) in
      try await CloudFoundryPlatform.connect(
        api: "https://api.example", method: .password(user: "robot", password: secret("p"), origin: nil),
        network: network, logins: LoginPool(memory: StubMemory()))
    }
    #expect(told == failure)
  }

  @Test func `pauses between attempts follow the table`() async throws {
    let (cloud, stub) = try await platform { _, _, _ in reply("503 Service Unavailable") }
    _ = await platformFailure { () async throws(PlatformFailure) in try await cloud.keys(of: instance) }
    #expect(pauses.pauses == [.seconds(1), .seconds(3)])
    #expect(stub.asked.count { $0.path.hasPrefix("/v3") } == 3)
  }
}

/// A platform of three hosts that only remembers how it was reached.
private final class RoutedClient: HTTPSending {
  let taken = Mutex<[String]>([])

  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let host = String(request.url.dropFirst("https://".count).prefix { $0 != "/" })
    let way = if case .through(let proxy) = request.route { "through \(proxy.host)" } else { "directly" }
    taken.withLock { $0.append("\(host) \(way)") }
    let body =
      switch host {
      case "tenant.example": #"{"passcode":"p"}"#
      case "uaa.example": #"{"access_token":"t","expires_in":1200}"#
      default: #"{"links":{"uaa":{"href":"https://uaa.example"}},"resources":[]}"#
      }
    return HTTPResponse(status: 200, body: secret(body))
  }
}
