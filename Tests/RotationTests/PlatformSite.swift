// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Host
import Journal
import Planning
import Simulation
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A daemon with a platform that others wrote, by one clock.
struct PlatformSite: Sendable {
  let site: Site
  let simulator: Simulator

  /// Starts a simulator, and lends a site beside it to `body`; `configure` says
  /// which service key it renews.
  static func run(
    _ arguments: [String] = [], checkpoint: any RotationCheckpoint = NoCheckpoint(),
    _ body: @Sendable (PlatformSite) async throws -> Void
  ) async throws {
    let usual = [
      "--time", aTime.formatted(.iso8601), "--frozen", "--job-seconds", "0", "--reuse-keys", "2",
    ]
    try await Simulator.run(usual + arguments) { simulator in
      try await body(try PlatformSite(simulator, checkpoint: checkpoint))
    }
  }

  init(_ simulator: Simulator, in folder: TemporaryFolder, checkpoint: any RotationCheckpoint) throws {
    self.simulator = simulator
    let authorities = Array(try Data(contentsOf: URL(filePath: simulator.facts.serverCAFile)))
    site = Site(
      in: folder, reach: PlatformReach(trust: .certificates(authorities), pauses: NoPauses(), checkpoint: checkpoint))
  }

  init(_ simulator: Simulator, checkpoint: any RotationCheckpoint = NoCheckpoint()) throws {
    try self.init(simulator, in: TemporaryFolder(), checkpoint: checkpoint)
    try site.folder.write("password", bytes: simulator.facts.user.password.utf8)
    try logIn(with: "secret")
  }

  /// Puts the credentials in place that the Service Manager is used with: with a `secret`, or with a `certificate`, which
  /// ends after ninety days.
  func logIn(with proof: String) throws {
    let path = try #require(simulator.facts.serviceManagerLogins[proof])
    try site.folder.write("manager", bytes: Data(contentsOf: URL(filePath: path)))
  }

  /// Puts a configuration in place with one service key and a keystore that uses it.
  func configure(
    instance: String = "it-rt-cf", preset: String = "cloud-integration", validity: Int = 30,
    installation: String = "one",
    adopt: String? = nil, login: String? = nil, verify: String = "token", profile: String = "legacy", more: String = "",
    files: String = "", hook: String = "true", confirm: String? = nil
  ) throws {
    let confirmation = confirm.map { "    confirm: \($0)" } ?? ""
    let isManaged = instance.hasSuffix("-sm")
    let adoption = adopt.map { ", adopt: \($0)" } ?? ""
    let place =
      isManaged
      ? "service-manager: {binding-file: \(site.folder.file("manager")), "
      : """
      cloud-foundry: {api: "\(simulator.facts.urls["cloud_foundry", default: ""])", login: {\(login ?? userLogin)}, 
      """
    try site.configure(
      """
      defaults: {installation: \(installation), refetch-every: 2d, proxy: none}
      service-keys:
        sender:
          from: {\(place)service-instance: \(instance), preset: \(preset), validity: \(validity)d\(adoption)}}
          verify: \(verify)
          \(more)
      keystores:
        sender:
          identity: {service-key: sender}
          files:
            - pfx: {path: cert.pfx, empty-password: true, profile: \(profile), alias: sender}
            - pem: {certificate: cert.pem, key: key.pem}
      \(files)
          after-change: [[/bin/sh, -c, "echo ran >> \(site.folder.file("hooks")); \(hook)"]]
      \(confirmation)
      """)
  }

  /// The technical user with its password.
  private var userLogin: String {
    let user = simulator.facts.user
    return """
      user: {name: \(user.name), password-credential: \(site.folder.file("password")), origin: \(user.origin)}
      """
  }

  /// Makes a technical user that logs in with a client certificate, and gives the `login` that a configuration names it by.
  func certificateLogin() async throws -> String {
    struct User: Decodable { var certificate, key: String }
    let body = "{\"name\":\"robot@example.com\",\"origin\":\"tenant\",\"certificate_days\":365}"
    let user = try JSONDecoder().decode(User.self, from: await control(.post, "/users", body))
    try site.folder.write("robot", bytes: Data((user.certificate + user.key).utf8))
    return """
      user-certificate: {name: robot@example.com, tenant: "\(simulator.facts.urls["identity", default: ""])", \
      certificate-credential: \(site.folder.file("robot")), origin: tenant}
      """
  }

  /// Does what is due, moving both clocks on from wait to wait, until `time` by them or until `isEnough`.
  func live(
    _ daemon: RunningSite, until time: Date, atMost turns: Int = 3000,
    _ isEnough: () async throws -> Bool = { false }
  ) async throws {
    for _ in 0..<turns {
      try await daemon.settle()
      if try await isEnough() { return }
      let now = site.clock.now()
      let next = await daemon.context.landscape.plan(now: now).next ?? time
      guard now < time else { return }
      try await setClocks(min(max(next, now + 1), time))
    }
    Issue.record("it does not come to rest before \(time)")
  }

  func setClocks(_ time: Date) async throws {
    site.clock.set(time)
    _ = try await control(.post, "/clock", "{\"now\": \(time.timeIntervalSince1970)}")
  }

  /// The time of the platform, which is the daemon's, too.
  func clock() async throws -> Date {
    struct Clock: Decodable { var now: String }
    let text = try JSONDecoder().decode(Clock.self, from: await control(.get, "/clock")).now
    return try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  @discardableResult
  func control(_ method: HTTPMethod, _ path: String, _ body: String = "") async throws -> Data {
    let request = HTTPRequest(
      method: method, url: simulator.facts.urls["control", default: ""] + path,
      headers: [HTTPHeader("Content-Type", "application/json")],
      body: body.isEmpty ? .none : .bytes(Array(body.utf8)), deadline: .seconds(300), responseLimit: 64 << 20)
    let response = try await HTTPClient().send(request)
    #expect(response.isSuccess, "\(path): \(String(decoding: response.body.copyBytes(), as: UTF8.self))")
    return Data(response.body.copyBytes())
  }

  /// A key in the simulator's books.
  struct BookedKey: Decodable, Sendable {
    var guid: String
    var name: String
    var exists: Bool
    var serial: String?
    var labels: [String: Label]
    var detailsReads: Int
    var instance: String

    enum CodingKeys: String, CodingKey {
      case guid, name, exists, serial, labels, instance
      case detailsReads = "details_reads"
    }
  }

  /// A text in Cloud Foundry, a list of texts in a Service Manager.
  struct Label: Decodable, Sendable, Equatable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let texts = try? container.decode([String].self) {
        text = texts.joined(separator: ",")
      } else {
        text = try container.decode(String.self)
      }
    }
  }

  func bookedKeys() async throws -> [BookedKey] {
    struct Books: Decodable { var keys: [BookedKey] }
    return try JSONDecoder().decode(Books.self, from: await control(.get, "/books?only=keys")).keys
  }

  func bookedKey(_ guid: String) async throws -> BookedKey? {
    try await bookedKeys().first { $0.guid == guid }
  }

  /// Keys that certrotd made, in the order of their making.
  func ours() async throws -> [BookedKey] {
    try await bookedKeys().filter { $0.labels["managed-by"]?.text == "certrotd" }
  }

  /// Makes a key as somebody does in the cockpit.
  ///
  /// - Returns: its GUID.
  func addKey(_ name: String, to instance: String = "it-rt-cf", parameters: String) async throws -> String {
    struct Key: Decodable { var guid: String }
    let found = try #require(simulator.facts.instances.first { $0.name == instance })
    let body = "{\"instance\":\"\(found.guid)\",\"name\":\"\(name)\",\"parameters\":\(parameters)}"
    return try JSONDecoder().decode(Key.self, from: await control(.post, "/keys", body)).guid
  }

  /// How often a route of the simulator was called.
  func calls(_ route: String) async throws -> Int {
    struct Books: Decodable { var calls: [String: Int] }
    return try JSONDecoder().decode(Books.self, from: await control(.get, "/books?only=calls")).calls[route] ?? 0
  }

  func fault(_ kind: String, _ route: String, times: Int = 1) async throws {
    try await control(.post, "/faults", "{\"kind\":\"\(kind)\",\"route\":\"\(route)\",\"times\":\(times)}")
  }

  /// How often the keystore's hook ran.
  func hookRuns() -> Int {
    let text = try? String(contentsOfFile: site.folder.file("hooks").string, encoding: .utf8)
    return text?.split(separator: "\n").count ?? 0
  }
}
