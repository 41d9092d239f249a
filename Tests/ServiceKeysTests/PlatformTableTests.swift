// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import ServiceKeys
import TestSupport
import Testing

/// The tables of answers that the two interfaces document, row by row, each with what it means in words.
struct PlatformTableTests {
  private let stubs = StubKeeper()
  private let instance = PlatformInstance(guid: "7304bc3c-0000-4000-8000-000000000001", name: "cpi")
  private let request: KeyRequest

  init() {
    request = KeyRequest(
      instance: instance, name: "cpi-20270115080000", parameters: "{}", mark: KeyMark(installation: "a", base: "cpi"))
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var status: String
    var body: String
    var headers: [String] = []
    /// What comes of asking for the list, which may be repeated.
    var reading: String
    /// What comes of asking for a new key, which must not be made twice; the same where nil.
    var creating: String?

    var testDescription: String { "\(status) \(body.prefix(90)): \(reading)" }
  }

  private func answers(_ stub: StubPlatform) -> Int { stub.asked.count { $0.path.hasPrefix("/v") } }

  private func words(_ failure: PlatformFailure?, _ stub: StubPlatform, since before: Int) -> String {
    let calls = answers(stub) - before
    guard let failure else { return "accepted after \(calls)" }
    let doubt = failure.mayHaveHappened ? ", maybe done" : ""
    let wait = failure.retryAfter.map { ", not before \($0.components.seconds) s" } ?? ""
    return "\(failure.kind.rawValue) by \(failure.culprit.rawValue)\(doubt)\(wait), after \(calls)"
  }

  private func check(_ row: Row, _ platform: some KeyPlatform, _ stub: StubPlatform) async {
    var before = answers(stub)
    let reading = await platformFailure { () async throws(PlatformFailure) in try await platform.keys(of: instance) }
    #expect(words(reading, stub, since: before) == row.reading, "\(reading?.words ?? "")")
    before = answers(stub)
    let creating = await platformFailure { () async throws(PlatformFailure) in
      try await platform.requestKey(request)
    }
    #expect(words(creating, stub, since: before) == row.creating ?? row.reading, "\(creating?.words ?? "")")
    // The platform's own words are told, or at least the status.
    for failure in [reading, creating].compactMap(\.self) {
      #expect(failure.words.contains("answered \(row.status.prefix(3))"), "\(failure.words)")
    }
  }

  // MARK: Cloud Foundry

  private func cloud(
    _ answer: @escaping @Sendable (StubPlatform.Asked) -> String
  ) async throws -> (CloudFoundryPlatform, StubPlatform) {
    let stub = try StubPlatform { asked, number, url in
      switch asked.path {
      case "/": reply("200 OK", "{\"links\":{\"uaa\":{\"href\":\"\(url)\"}}}")
      case "/oauth/token": reply("200 OK", "{\"access_token\":\"access-\(number)\",\"expires_in\":1200}")
      default: answer(asked)
      }
    }
    stubs.keep(stub)
    let connected = try await CloudFoundryPlatform.connect(
      api: stub.url, method: .password(user: "robot", password: secret("p"), origin: nil),
      network: try testNetwork(), logins: LoginPool(memory: StubMemory()))
    return (connected, stub)
  }

  private static func cloud(
    _ status: String, _ code: Int, _ title: String, saying detail: String = "words", headers: [String] = [],
    reading: String, creating: String? = nil
  ) -> Row {
    Row(
      status: status, body: "{\"errors\":[{\"code\":\(code),\"title\":\"CF-\(title)\",\"detail\":\"\(detail)\"}]}",
      headers: headers, reading: reading, creating: creating)
  }

  private static func unprocessable(_ detail: String, _ outcome: String) -> Row {
    cloud("422 Unprocessable Entity", 10_008, "UnprocessableEntity", saying: detail, reading: outcome)
  }

  private static func limited(_ code: Int, _ title: String) -> [Row] {
    let text = "Content-Type: text/plain; charset=utf-8"
    return [
      cloud(
        "429 Too Many Requests", code, title, headers: [text, "Retry-After: 1800"],
        reading: "rate-limited by platform, not before 1800 s, after 1"),
      // What is short is waited for, three times; nothing was looked at, so that creating is repeated as well.
      cloud(
        "429 Too Many Requests", code, title, headers: [text, "Retry-After: 5"],
        reading: "rate-limited by platform, not before 5 s, after 3"),
    ]
  }

  private static let taken =
    "The binding name is invalid. Key binding names must be unique. The service instance already has a key binding with"

  static let cloudErrors: [Row] = cloudRefusals + cloudFailures + cloudLimits

  private static let cloudRefusals: [Row] = [
    // With a login in between.
    cloud("401 Unauthorized", 1000, "InvalidAuthToken", reading: "unauthorized by configuration, after 2"),
    cloud("401 Unauthorized", 10_002, "NotAuthenticated", reading: "unauthorized by configuration, after 2"),
    cloud("403 Forbidden", 10_003, "NotAuthorized", reading: "forbidden by configuration, after 1"),
    cloud("400 Bad Request", 10_005, "BadQueryParameter", reading: "refused by platform, after 1"),
    cloud("404 Not Found", 10_010, "ResourceNotFound", reading: "missing by configuration, after 1"),
    unprocessable("\(taken) name 'x'.", "name-taken by platform, after 1"),
    unprocessable("\(taken) name 'x' that is getting deleted or its deletion failed.", "busy by platform, after 1"),
    unprocessable(
      "You have exceeded your space's limit for service binding of type key.", "quota-exceeded by platform, after 1"),
    unprocessable(
      "You have exceeded your organization's limit for service binding of type key.",
      "quota-exceeded by platform, after 1"),
    unprocessable("Service plan does not allow bindings.", "refused by platform, after 1"),
    unprocessable("There is an operation in progress for the service binding.", "busy by platform, after 1"),
    unprocessable("There is an operation in progress for the service instance.", "busy by platform, after 1"),
  ]

  private static let cloudFailures: [Row] = [
    cloud(
      "500 Internal Server Error", 10_001, "ServerError", reading: "unavailable by platform, after 3",
      creating: "unavailable by platform, maybe done, after 1"),
    cloud(
      "503 Service Unavailable", 10_015, "ServiceUnavailable", reading: "unavailable by platform, after 3",
      creating: "unavailable by platform, maybe done, after 1"),
    cloud(
      "503 Service Unavailable", 20_004, "UaaUnavailable", reading: "unavailable by platform, after 3",
      creating: "unavailable by platform, maybe done, after 1"),
  ]

  private static let cloudLimits: [Row] = [
    limited(10_013, "RateLimitExceeded"), limited(10_014, "IPBasedRateLimitExceeded"),
    limited(10_016, "ServiceBrokerRateLimitExceeded"), limited(20_008, "UaaRateLimited"),
  ].flatMap(\.self)

  @Test(arguments: cloudErrors)
  func `each error of Cloud Foundry has its outcome`(row: Row) async throws {
    let (cloud, stub) = try await cloud { _ in reply(row.status, headers: row.headers, row.body) }
    await check(row, cloud, stub)
  }

  static let cloudStates: [(operation: String, state: PlatformKey.State)] = [
    ("null", .ready), ("{\"type\":\"create\",\"state\":\"initial\"}", .creating),
    ("{\"type\":\"create\",\"state\":\"in progress\"}", .creating),
    ("{\"type\":\"create\",\"state\":\"succeeded\"}", .ready),
    ("{\"type\":\"create\",\"state\":\"failed\"}", .createFailed),
    ("{\"type\":\"delete\",\"state\":\"initial\"}", .deleting),
    ("{\"type\":\"delete\",\"state\":\"in progress\"}", .deleting),
    ("{\"type\":\"delete\",\"state\":\"succeeded\"}", .deleting),
    ("{\"type\":\"delete\",\"state\":\"failed\"}", .deleteFailed),
  ]

  @Test func `each state of a key in Cloud Foundry is told apart`() async throws {
    let keys = Self.cloudStates.enumerated().map { number, row in
      "{\"guid\":\"g\(number)\",\"name\":\"n\",\"last_operation\":\(row.operation)}"
    }
    let (cloud, _) = try await cloud { _ in reply("200 OK", "{\"resources\":[\(keys.joined(separator: ","))]}") }
    #expect(try await cloud.keys(of: instance).map(\.state) == Self.cloudStates.map(\.state))
  }

  // MARK: Service Manager

  private func manager(
    _ answer: @escaping @Sendable (StubPlatform.Asked) -> String
  ) async throws -> (ServiceManagerPlatform, StubPlatform) {
    let stub = try StubPlatform { asked, number, _ in
      asked.path == "/oauth/token"
        ? reply("200 OK", "{\"access_token\":\"t-\(number)\",\"expires_in\":1200}") : answer(asked)
    }
    stubs.keep(stub)
    let file = "{\"clientid\":\"c\",\"clientsecret\":\"s\",\"url\":\"\(stub.url)\",\"sm_url\":\"\(stub.url)\"}"
    let manager = try await ServiceManagerPlatform.connect(
      ServiceManagerBinding.read(secret(file)), network: try testNetwork(), logins: LoginPool(memory: StubMemory()))
    return (manager, stub)
  }

  static let managerErrors: [Row] = [
    Row(
      status: "409 Conflict",
      body: "{\"error\":\"Conflict\",\"description\":\"binding with same name exists for instance with id i\"}",
      reading: "name-taken by platform, after 1"),
    Row(
      status: "422 Unprocessable Entity",
      body:
        "{\"error\":\"ConcurrentOperationInProgress\",\"description\":\"Another concurrent operation in progress\"}",
      reading: "busy by platform, after 1"),
    Row(
      status: "502 Bad Gateway",
      body: "{\"error\":\"BrokerError\",\"description\":\"Failed bind request\",\"broker_error\":{\"StatusCode\":502,"
        + "\"ErrorMessage\":\"BrokerError\",\"Description\":\"no\"}}",
      reading: "unavailable by platform, after 3", creating: "unavailable by platform, maybe done, after 1"),
    Row(
      status: "404 Not Found", body: "404 Not Found: Requested route", headers: ["X-Cf-RouterError: unknown_route"],
      reading: "unavailable by platform, after 3", creating: "unavailable by platform, maybe done, after 1"),
    Row(
      status: "404 Not Found",
      body: "{\"error\":\"NotFound\",\"description\":\"could not find such service_instance\"}",
      reading: "missing by configuration, after 1"),
    Row(status: "410 Gone", body: "{}", reading: "missing by configuration, after 1"),
    // Half an hour after the clock of these tests.
    Row(
      status: "429 Too Many Requests", body: "{\"description\":\"Limit exceeded\"}",
      headers: ["Retry-After: Fri, 15 Jan 2027 08:30:00 GMT"],
      reading: "rate-limited by platform, not before 1800 s, after 1"),
    Row(
      status: "401 Unauthorized", body: "{\"error\":\"Unauthorized\",\"description\":\"unauthorized\"}",
      reading: "unauthorized by configuration, after 2"),
    Row(
      status: "400 Bad Request", body: "{\"error\":\"BadRequest\",\"description\":\"name is missing\"}",
      reading: "refused by platform, after 1"),
  ]

  @Test(arguments: managerErrors)
  func `each error of a Service Manager has its outcome`(row: Row) async throws {
    let (manager, stub) = try await manager { _ in reply(row.status, headers: row.headers, row.body) }
    await check(row, manager, stub)
  }

  static let creations: [(answer: String, outcome: String)] = [
    (
      reply("202 Accepted", headers: ["Location: /v1/service_bindings/b1/operations/o1"], "{}"),
      "under way at /v1/service_bindings/b1/operations/o1"
    ), (reply("201 Created", "{\"id\":\"b1\",\"name\":\"cpi-1\",\"ready\":true,\"credentials\":{}}"), "made b1"),
    (reply("202 Accepted", "{}"), "malformed, maybe done"),
    (reply("202 Accepted", headers: ["Location: https://elsewhere.example/o"], "{}"), "malformed, maybe done"),
    (reply("201 Created", "{}"), "malformed, maybe done"),
  ]

  @Test(arguments: creations)
  func `a Service Manager makes a binding at once or later`(answer: String, outcome: String) async throws {
    let (manager, stub) = try await manager { _ in answer }
    var words = ""
    do throws(PlatformFailure) {
      switch try await manager.requestKey(request) {
      case .made(let guid): words = "made \(guid)"
      case .underWay(let job): words = "under way at \(job.replacing(stub.url, with: ""))"
      }
    } catch {
      words = "\(error.kind.rawValue)\(error.mayHaveHappened ? ", maybe done" : "")"
    }
    #expect(words == outcome)
  }

  static let operations: [(operation: String, outcome: String)] = [
    ("\"type\":\"create\",\"state\":\"pending\"", "working(guid: Optional(\"b1\"))"),
    ("\"type\":\"create\",\"state\":\"in progress\"", "working(guid: Optional(\"b1\"))"),
    ("\"type\":\"create\",\"state\":\"succeeded\"", "done(guid: Optional(\"b1\"))"),
    (
      "\"type\":\"create\",\"state\":\"failed\",\"errors\":{\"error\":\"BrokerError\",\"description\":\"Failed bind\"}",
      "failed(guid: Optional(\"b1\"), words: \"BrokerError, Failed bind\")"
    ), ("\"type\":\"delete\",\"state\":\"pending\"", "working(guid: nil)"),
    ("\"type\":\"delete\",\"state\":\"in progress\"", "working(guid: nil)"),
    ("\"type\":\"delete\",\"state\":\"succeeded\"", "done(guid: nil)"),
    (
      "\"type\":\"delete\",\"state\":\"failed\"",
      "failed(guid: nil, words: \"the platform does not say why\")"
    ),
  ]

  @Test(arguments: operations)
  func `each state of an operation has its meaning`(operation: String, outcome: String) async throws {
    let (manager, stub) = try await manager { _ in reply("200 OK", "{\"resource_id\":\"b1\",\(operation)}") }
    #expect("\(try await manager.progress(of: stub.url + "/v1/o"))" == outcome)
  }

  @Test func `a deletion whose binding is gone is known no more`() async throws {
    let (manager, stub) = try await manager { _ in reply("404 Not Found", "{\"error\":\"NotFound\"}") }
    let failure = await platformFailure { () async throws(PlatformFailure) in
      try await manager.progress(of: stub.url + "/v1/service_bindings/b/operations/o")
    }
    #expect(failure?.kind == .missing)
  }

  static let managerStates: [(binding: String, state: PlatformKey.State)] = [
    ("\"ready\":true", .ready), ("\"ready\":false", .creating),
    ("\"ready\":false,\"last_operation\":{\"type\":\"create\",\"state\":\"pending\"}", .creating),
    ("\"ready\":false,\"last_operation\":{\"type\":\"create\",\"state\":\"in progress\"}", .creating),
    ("\"ready\":true,\"last_operation\":{\"type\":\"create\",\"state\":\"succeeded\"}", .ready),
    ("\"ready\":false,\"last_operation\":{\"type\":\"create\",\"state\":\"failed\"}", .createFailed),
    ("\"ready\":true,\"last_operation\":{\"type\":\"update\",\"state\":\"failed\"}", .ready),
    ("\"ready\":true,\"last_operation\":{\"type\":\"delete\",\"state\":\"pending\"}", .deleting),
    ("\"ready\":true,\"last_operation\":{\"type\":\"delete\",\"state\":\"in progress\"}", .deleting),
    ("\"ready\":true,\"last_operation\":{\"type\":\"delete\",\"state\":\"failed\"}", .deleteFailed),
  ]

  @Test func `each state of a binding is told apart, by its last operation`() async throws {
    let bindings = Self.managerStates.enumerated().map { number, row in
      "{\"id\":\"g\(number)\",\"name\":\"n\",\(row.binding)}"
    }
    let (manager, stub) = try await manager { _ in
      reply("200 OK", "{\"items\":[\(bindings.joined(separator: ","))]}")
    }
    #expect(try await manager.keys(of: instance).map(\.state) == Self.managerStates.map(\.state))
    #expect(stub.asked.contains { $0.target.contains("attach_last_operations=true") })
  }
}
