// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import TestSupport
import Testing

@testable import ServiceKeys

/// The whole way of a key on both platforms, against a platform that others wrote.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct SimulatorTests {
  private let mark = KeyMark(installation: "here", base: "cpi")

  private func network(_ simulator: Simulator) throws -> PlatformNetwork {
    let authorities = Array(try Data(contentsOf: URL(filePath: simulator.facts.serverCAFile)))
    return PlatformNetwork(
      client: try HTTPClient(), trust: .certificates(authorities), deadline: .seconds(300), clock: PausesClock())
  }

  private func cloud(_ simulator: Simulator) async throws -> CloudFoundryPlatform {
    let user = simulator.facts.user
    return try await CloudFoundryPlatform.connect(
      api: simulator.facts.urls["cloud_foundry", default: ""],
      method: .password(user: user.name, password: secret(user.password), origin: user.origin),
      network: try network(simulator), logins: LoginPool(memory: StubMemory()))
  }

  private func control(
    _ simulator: Simulator, _ method: HTTPMethod, _ path: String, _ body: String = ""
  ) async throws -> String {
    let request = HTTPRequest(
      method: method, url: simulator.facts.urls["control", default: ""] + path,
      headers: [HTTPHeader("Content-Type", "application/json")],
      body: body.isEmpty ? .none : .bytes(Array(body.utf8)), deadline: .seconds(300))
    let response = try await HTTPClient().send(request)
    let text = plain(response.body)
    #expect(response.isSuccess, "\(text)")
    return text
  }

  private func wholeLife(
    of platform: some KeyPlatform, instance name: String, parameters: String, shape: ServiceKeyShape
  ) async throws {
    let instance = try await platform.instance(InstanceReference(instance: name))
    #expect(try await platform.instance(InstanceReference(instance: instance.guid)) == instance)
    let request = KeyRequest(instance: instance, name: "cpi-20270115080000", parameters: parameters, mark: mark)
    let told = try await finished(platform.requestKey(request), platform)
    let key = try #require(try await platform.keys(of: instance).first { $0.name == request.name })
    #expect(told == nil || told == key.guid)
    #expect(key.state == .ready && key.mark == mark)

    let document = try ServiceKeyReader.read(try await platform.credentials(of: key.guid))
    #expect(document.shape == shape && document.certificates.count == 3 && document.tokenURL != nil)

    let again = await platformFailure { () async throws(PlatformFailure) in try await platform.requestKey(request) }
    #expect(again?.kind == .nameTaken)

    if case .underWay(let job) = try await platform.deleteKey(key.guid) {
      _ = try await waited(job, platform)
    }
    #expect(try await platform.deleteKey(key.guid) == .gone)
    #expect(try await platform.keys(of: instance).allSatisfy { $0.guid != key.guid })
  }

  private func finished(_ answer: KeyRequestAnswer, _ platform: some KeyPlatform) async throws -> String? {
    switch answer {
    case .made(let guid): return guid
    case .underWay(let job):
      guard case .done(let guid) = try await waited(job, platform) else {
        Issue.record("the job failed")
        return nil
      }
      return guid
    }
  }

  /// Asks until the job ends; the simulator's jobs take no time and a few looks.
  private func waited(_ job: String, _ platform: some KeyPlatform) async throws -> JobProgress {
    for _ in 0..<1000 {
      let progress = try await look(job, platform)
      if case .working = progress { continue }
      return progress
    }
    Issue.record("the job does not end")
    return .working(guid: nil)
  }

  /// A job that the platform forgot is done.
  private func look(_ job: String, _ platform: some KeyPlatform) async throws -> JobProgress {
    do {
      return try await platform.progress(of: job)
    } catch {
      guard error.kind == .missing else { throw error }
      return .done(guid: nil)
    }
  }

  private static let options = ["--job-seconds", "0", "--job-polls", "2", "--reuse-keys", "2"]

  @Test func `a key lives its whole life in Cloud Foundry`() async throws {
    try await Simulator.run(Self.options) { simulator in
      try await wholeLife(
        of: cloud(simulator), instance: "it-rt-cf",
        parameters: "{\"key-type\":\"certificate\",\"validity\":30,\"key-length\":2048}", shape: .oauth)
    }
  }

  @Test(arguments: ["secret", "certificate"])
  func `a binding lives its whole life in a Service Manager`(login: String) async throws {
    try await Simulator.run(Self.options) { simulator in
      let file = try Data(contentsOf: URL(filePath: try #require(simulator.facts.serviceManagerLogins[login])))
      let manager = try await ServiceManagerPlatform.connect(
        ServiceManagerBinding.read(SecretBytes(copying: file)), network: try network(simulator),
        logins: LoginPool(memory: StubMemory()))
      try await wholeLife(
        of: manager, instance: "xsuaa-sm",
        parameters: "{\"credential-type\":\"x509\",\"x509\":{\"validity\":20}}", shape: .serviceManagerBinding)
    }
  }

  struct Trouble: Sendable {
    var fault: String
    var kind: PlatformFailure.Kind?
    var mayHaveHappened = false
    var isMade = true
  }

  static let troubles: [Trouble] = [
    Trouble(fault: "{\"kind\":\"rate-limited\",\"seconds\":1}"), Trouble(fault: "{\"kind\":\"unauthorized\"}"),
    Trouble(fault: "{\"kind\":\"unavailable\"}", kind: .unavailable, mayHaveHappened: true, isMade: false),
    Trouble(fault: "{\"kind\":\"bad-gateway\"}", kind: .unavailable, mayHaveHappened: true, isMade: false),
    Trouble(fault: "{\"kind\":\"reset-after\"}", kind: .unreachable, mayHaveHappened: true),
    Trouble(fault: "{\"kind\":\"reset\"}", kind: .unreachable, mayHaveHappened: true, isMade: false),
    Trouble(fault: "{\"kind\":\"redirect\"}", kind: .refused, isMade: false),
    Trouble(fault: "{\"kind\":\"quota\"}", kind: .quotaExceeded, isMade: false),
    Trouble(fault: "{\"kind\":\"busy\"}", kind: .busy, isMade: false),
    Trouble(fault: "{\"kind\":\"duplicate\"}", kind: .nameTaken, isMade: false),
  ]

  @Test func `each trouble with a new key is told apart, and what was made is found by its name`() async throws {
    try await Simulator.run(Self.options) { simulator in
      let cloud = try await cloud(simulator)
      let instance = try await cloud.instance(InstanceReference(instance: "xsuaa-cf"))
      for (number, trouble) in Self.troubles.enumerated() {
        let fault = trouble.fault.dropLast() + ",\"route\":\"cf.keys.create\"}"
        _ = try await control(simulator, .post, "/faults", String(fault))
        let request = KeyRequest(
          instance: instance, name: "cpi-\(number)", parameters: "{\"credential-type\":\"x509\"}", mark: mark)
        let failure = await platformFailure { () async throws(PlatformFailure) in try await cloud.requestKey(request) }
        #expect(failure?.kind == trouble.kind, "\(trouble.fault): \(failure?.words ?? "")")
        #expect((failure?.mayHaveHappened ?? false) == trouble.mayHaveHappened, "\(trouble.fault)")
        let isThere = try await cloud.keys(of: instance).contains { $0.name == request.name }
        #expect(isThere == trouble.isMade, "\(trouble.fault)")
      }
    }
  }

  @Test func `a call that never ends is given up, and what it may have made is not made twice`() async throws {
    try await Simulator.run(Self.options) { simulator in
      let cloud = try await cloud(simulator)
      let instance = try await cloud.instance(InstanceReference(instance: "xsuaa-cf"))
      // Logged in by now: only the call that hangs has to be done within its time.
      var network = cloud.network
      network.deadline = .seconds(1)
      let hasty = CloudFoundryPlatform(address: cloud.address, network: network, session: cloud.session)
      _ = try await control(simulator, .post, "/faults", "{\"kind\":\"hang\",\"route\":\"cf.keys.create\"}")
      let request = KeyRequest(
        instance: instance, name: "cpi-hang", parameters: "{\"credential-type\":\"x509\"}", mark: mark)
      let failure = await platformFailure { () async throws(PlatformFailure) in try await hasty.requestKey(request) }
      #expect(failure?.kind == .unreachable && failure?.mayHaveHappened == true, "\(failure?.words ?? "")")
      let books = try await control(simulator, .get, "/books?only=calls")
      #expect(books.replacing(" ", with: "").contains("\"cf.keys.create\":1"), "\(books)")
    }
  }

  @Test func `a locked user is not asked for again`() async throws {
    try await Simulator.run(Self.options) { simulator in
      let cloud = try await cloud(simulator)
      _ = try await control(simulator, .post, "/faults", "{\"kind\":\"locked\",\"times\":100}")
      for _ in 0..<5 {
        let failure = await platformFailure { () async throws(PlatformFailure) in
          try await cloud.instance(InstanceReference(instance: "xsuaa-cf"))
        }
        #expect(failure?.kind == .loginRefused, "\(failure?.words ?? "")")
      }
      let books = try await control(simulator, .get, "/books?only=logins")
      #expect(books.ranges(of: "\"accepted\"").count <= 1, "\(books)")
    }
  }
}
