// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import ServiceKeys
import TestSupport
import Testing

struct ServiceManagerTests {
  private let stubs = StubKeeper()
  private let instance = PlatformInstance(guid: "7304bc3c-0000-4000-8000-000000000001", name: "cpi")

  private func manager(
    _ answer: @escaping @Sendable (StubPlatform.Asked) -> String
  ) async throws -> (ServiceManagerPlatform, StubPlatform) {
    let stub = try StubPlatform { asked, _, _ in
      asked.path == "/oauth/token" ? reply("200 OK", "{\"access_token\":\"t\",\"expires_in\":1200}") : answer(asked)
    }
    stubs.keep(stub)
    let file = "{\"clientid\":\"c\",\"clientsecret\":\"s\",\"url\":\"\(stub.url)\",\"sm_url\":\"\(stub.url)\"}"
    let manager = try await ServiceManagerPlatform.connect(
      ServiceManagerBinding.read(secret(file)), network: try testNetwork(), logins: LoginPool(memory: StubMemory()))
    return (manager, stub)
  }

  @Test func `a binding is made with our labels, and its operation followed from a relative address`() async throws {
    let (manager, stub) = try await manager { asked in
      asked.method == "POST"
        ? reply("202 Accepted", headers: ["Location: /v1/service_bindings/b1/operations/o1"], "{}")
        : reply(
          "200 OK", "{\"id\":\"o1\",\"type\":\"create\",\"state\":\"succeeded\",\"resource_id\":\"b1\"}")
    }
    let request = KeyRequest(
      instance: instance, name: "cpi-1", parameters: "{\"validity\":30}",
      mark: KeyMark(installation: "host-a", base: "cpi"))
    guard case .underWay(let job) = try await manager.requestKey(request) else {
      Issue.record("no operation")
      return
    }
    #expect(job == stub.url + "/v1/service_bindings/b1/operations/o1")
    #expect(try await manager.progress(of: job) == .done(guid: "b1"))
    let post = try #require(stub.asked.first { $0.target == "/v1/service_bindings?async=true" })
    #expect(
      post.body
        == "{\"labels\":{\"certrotd-installation\":[\"host-a\"],\"certrotd-key\":[\"cpi\"],\"managed-by\":[\"certrotd\"]},"
        + "\"name\":\"cpi-1\",\"service_instance_id\":\"7304bc3c-0000-4000-8000-000000000001\",\"parameters\":"
        + "{\"validity\":30}}")
  }

  @Test func `a failed operation tells why`() async throws {
    let (manager, stub) = try await manager { _ in
      reply(
        "200 OK",
        "{\"type\":\"create\",\"state\":\"failed\",\"resource_id\":\"b1\",\"errors\":{\"error\":\"BrokerError\",\"description\":\"Failed bind\"}}"
      )
    }
    #expect(
      try await manager.progress(of: stub.url + "/o") == .failed(guid: "b1", words: "BrokerError, Failed bind"))
  }

  @Test func `a conflict over the name is told apart from an operation in progress`() async throws {
    let (manager, _) = try await manager { asked in
      asked.body.contains("\"busy\"")
        ? reply("422 Unprocessable Entity", "{\"error\":\"ConcurrentOperationInProgress\",\"description\":\"x\"}")
        : reply(
          "409 Conflict",
          "{\"error\":\"Conflict\",\"description\":\"binding with same name exists for instance with id i\"}")
    }
    for (name, kind) in [("cpi", PlatformFailure.Kind.nameTaken), ("busy", .busy)] {
      let request = KeyRequest(
        instance: instance, name: name, parameters: "{}", mark: KeyMark(installation: "a", base: "cpi"))
      let failure = await platformFailure { () async throws(PlatformFailure) in try await manager.requestKey(request) }
      #expect(failure?.kind == kind)
    }
  }

  @Test func `an unknown route is an outage and not an answer`() async throws {
    let (manager, _) = try await manager { _ in
      reply("404 Not Found", headers: ["X-Cf-RouterError: unknown_route"], "404 Not Found: Requested route")
    }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await manager.keys(of: instance) }
    #expect(failure?.kind == .unavailable && failure?.culprit == .platform)
    let deletion = await platformFailure { () async throws(PlatformFailure) in try await manager.deleteKey("b") }
    #expect(deletion?.kind == .unavailable)
  }

  @Test func `bindings are listed over all pages by their instance`() async throws {
    let (manager, stub) = try await manager { asked in
      let ours = "{\"managed-by\":[\"certrotd\"],\"certrotd-installation\":[\"a\"],\"certrotd-key\":[\"cpi\"]}"
      return asked.target.contains("token=next")
        ? reply("200 OK", "{\"items\":[{\"id\":\"b2\",\"name\":\"two\",\"ready\":false}]}")
        : reply(
          "200 OK",
          "{\"token\":\"next\",\"items\":[{\"id\":\"b1\",\"name\":\"one\",\"ready\":true,\"labels\":\(ours)}]}")
    }
    let keys = try await manager.keys(of: instance)
    #expect(keys.map(\.guid) == ["b1", "b2"] && keys.map(\.state) == [.ready, .creating])
    #expect(keys.first?.mark?.installation == "a")
    #expect(
      stub.asked.contains {
        $0.target.contains("fieldQuery=service_instance_id%20eq%20%277304bc3c-0000-4000-8000-000000000001%27")
      })
  }

  @Test(arguments: CloudFoundryTests.badGUIDs.map { ($0, "n") } + [("g", String(repeating: "n", count: 1025))])
  func `what can be no identifier or no name is not taken for one`(guid: String, name: String) async throws {
    let (manager, stub) = try await manager { asked in
      asked.path == "/o"
        ? reply("200 OK", "{\"type\":\"create\",\"state\":\"succeeded\",\"resource_id\":\"\(guid)\"}")
        : reply("200 OK", "{\"items\":[{\"id\":\"\(guid)\",\"name\":\"\(name)\"}]}")
    }
    let listing = await platformFailure { () async throws(PlatformFailure) in try await manager.keys(of: instance) }
    #expect(listing?.kind == .malformed && listing?.culprit == .platform)
    guard name == "n" else { return }
    let following = await platformFailure { () async throws(PlatformFailure) in
      try await manager.progress(of: stub.url + "/o")
    }
    #expect(following?.kind == .malformed)
  }

  @Test func `a list that is too long to be held is given up`() async throws {
    let page = (0..<2100).map { "{\"id\":\"k\($0)\",\"name\":\"n\"}" }.joined(separator: ",")
    let (manager, _) = try await manager { _ in reply("200 OK", "{\"token\":\"next\",\"items\":[\(page)]}") }
    let failure = await platformFailure { () async throws(PlatformFailure) in try await manager.keys(of: instance) }
    #expect(failure?.kind == .malformed && failure?.words.contains("more than 20000") == true)
  }

  @Test(arguments: [("200 OK", true), ("404 Not Found", true), ("410 Gone", true), ("202 Accepted", false)])
  func `a deleted binding is gone at once, later, or was gone before`(status: String, isGone: Bool) async throws {
    let (manager, stub) = try await manager { _ in
      reply(status, headers: ["Location: /v1/service_bindings/b/operations/o"], "{}")
    }
    let answer = try await manager.deleteKey("b")
    #expect(answer == (isGone ? .gone : .underWay(job: stub.url + "/v1/service_bindings/b/operations/o")))
  }

  @Test func `a binding with a certificate logs in by mutual TLS at the certificate host`() throws {
    let members = try Sample.members()
    let file =
      "{\"credentials\":{\"clientid\":\"c\",\(members),\"certurl\":\"https://x.authentication.cert.eu10.example\","
      + "\"sm_url\":\"https://service-manager.cfapps.eu10.example\"}}"
    let binding = try ServiceManagerBinding.read(secret(file))
    #expect(binding.tokenURL == "https://x.authentication.cert.eu10.example/oauth/token")
    #expect(binding.certificates.count == 3)
    guard case .clientCertificate("c", let identity) = binding.method else {
      Issue.record("\(binding.method)")
      return
    }
    #expect(plain(identity).hasPrefix("-----BEGIN CERTIFICATE-----") && plain(identity).contains("PRIVATE KEY"))
  }

  @Test(arguments: ["", "{}", "[]", "{\"sm_url\":\"ftp://x\"}", "{\"sm_url\":\"https://x\",\"clientid\":\"c\"}"])
  func `a file that is no binding is refused`(text: String) async {
    let failure = await platformFailure { () async throws(PlatformFailure) in
      try ServiceManagerBinding.read(secret(text))
    }
    #expect(failure?.kind == .local && failure?.culprit == .configuration)
  }
}
