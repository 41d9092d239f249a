// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct PlatformSourceTests {
  private func serviceKey(_ text: String) throws -> ServiceKeySettings {
    let reading = read(text)
    #expect(reading.mistakes == [])
    return try #require(reading.configuration?.serviceKeys.first)
  }

  @Test func `a key in Cloud Foundry has all that it takes to make and renew it`() throws {
    let key = try serviceKey(
      """
      service-keys:
        receiver:
          from:
            cloud-foundry:
              api: https://api.example
              org: acme
              space: prod
              service-instance: cpi
              key-name: cpi
              preset: cloud-integration
              validity: 180d
              key-length: 4096
              login: {user: {name: robot, password-credential: robot, origin: acme-platform}}
          verify-patience: 30m
          replace: delete-first
      """)
    #expect(key.verifyPatience == .seconds(1800) && key.replacement == .deleteFirst && key.verify == .token)
    #expect(
      key.source
        == .cloudFoundry(
          CloudFoundrySource(
            api: "https://api.example", organization: "acme", space: "prod", instance: "cpi",
            key: PlatformKeySettings(
              base: "cpi", preset: .cloudIntegration,
              parameters: "{\"key-length\":4096,\"key-type\":\"certificate\",\"validity\":180}",
              validity: .seconds(180 * 86_400)),
            login: .user(name: "robot", password: .systemd(name: "robot"), origin: "acme-platform"))))
  }

  static let presets: [(String, String)] = [
    ("cloud-integration", "{\"key-length\":2048,\"key-type\":\"certificate\",\"validity\":365}"),
    (
      "xsuaa",
      "{\"credential-type\":\"x509\",\"x509\":{\"key-length\":2048,\"validity\":30,\"validity-type\":\"DAYS\"}}"
    ),
    (
      "identity",
      "{\"app-identifier\":\"a\",\"credential-type\":\"X509_GENERATED\",\"key-length\":2048,\"validity\":30,"
        + "\"validity-type\":\"DAYS\"}"
    ),
    (
      "destination",
      "{\"credential-type\":\"x509\",\"x509\":{\"key-length\":2048,\"validity\":30,\"validity-type\":\"DAYS\"}}"
    ),
    (
      "service-manager",
      "{\"credential-type\":\"x509\",\"x509\":{\"key-length\":2048,\"validity\":365,\"validity-type\":\"DAYS\"}}"
    ),
    (
      "xsuaa-reuse",
      "{\"xsuaa\":{\"credential-type\":\"x509\",\"x509\":{\"key-length\":2048,\"validity\":30,\"validity-type\":"
        + "\"DAYS\"}}}"
    ), ("cloud-logging", "{\"ingest\":{\"certValidityDays\":90}}"),
  ]

  @Test(arguments: presets)
  func `each preset asks for a certificate as its service takes it`(preset: String, parameters: String) throws {
    let key = try serviceKey(
      "service-keys: {a: {from: {service-manager: {binding-file: sm, service-instance: i, preset: \(preset)}}}}")
    #expect(key.source.platformKey?.parameters == parameters)
    let isLogging = preset == "cloud-logging"
    #expect(key.verify == (isLogging ? .none : .token))
    #expect(
      key.fields
        == (isLogging
          ? ServiceKeyFields(certificate: "credentials.ingest-mtls-cert", key: "credentials.ingest-mtls-key") : nil))
  }

  @Test func `presets are tried one by one`() {
    #expect(Self.presets.map(\.0) == OfferingPreset.allCases.map(\.rawValue))
    for preset in OfferingPreset.allCases { #expect(preset.validity.contains(preset.usualValidity)) }
  }

  @Test func `own parameters and fields come before those of the preset`() throws {
    let key = try serviceKey(
      """
      service-keys:
        a:
          from:
            service-manager:
              binding-file: sm
              service-instance: i
              preset: xsuaa
              parameters: {x509: {validity: 2, "validity-type": MONTHS, "key-length": "4096"}, other: [true, null, 1.5]}
          fields: {certificate: a.b, key: a.c}
      """)
    #expect(
      key.source.platformKey?.parameters
        == "{\"credential-type\":\"x509\",\"other\":[true,null,1.5],\"x509\":{\"key-length\":\"4096\",\"validity\":2,"
        + "\"validity-type\":\"MONTHS\"}}")
    #expect(key.fields == ServiceKeyFields(certificate: "a.b", key: "a.c"))
    #expect(key.source.platformKey?.validity == nil)
  }

  @Test func `files that a login needs count as credentials`() throws {
    let reading = read(
      """
      service-keys:
        a:
          from:
            service-manager: {binding-file: /etc/certrotd/keys/sm.json, service-instance: i, preset: xsuaa}
      """
    ) { $0.add("/etc/certrotd/keys/sm.json", mode: 0o600) }
    #expect(reading.mistakes == [])
    #expect(reading.configuration?.credentialFiles == ["/etc/certrotd/keys/sm.json"])
    #expect(reading.configuration?.watchedFiles == [])
  }

  @Test(arguments: [
    ("i", "key-name: shared", 1), ("i", "key-name: other", 0), ("j", "key-name: shared", 0),
  ])
  func `two service keys of one instance need names of their own`(instance: String, name: String, mistakes: Int) {
    let reading = read(
      """
      service-keys:
        a: {from: {service-manager: {binding-file: sm, service-instance: i, preset: xsuaa, key-name: shared}}}
        b: {from: {service-manager: {binding-file: sm, service-instance: \(instance), preset: xsuaa, \(name)}}}
      """)
    #expect(reading.mistakes.count == mistakes)
    #expect(reading.mistakes.allSatisfy { $0.description.contains("same service instance as 'a'") })
  }

  struct Pair: Sendable, CustomTestStringConvertible {
    var first: String
    var second: String
    var collide: Bool
    var testDescription: String { "\(first) and \(second): \(collide ? "one place" : "two places")" }
  }

  private static let guid = "7304bc3c-0000-4000-8000-00000000000a"

  static let clouds: [Pair] = [
    Pair(first: "api: https://api.example", second: "api: \"https://api.example:443/\"", collide: true),
    Pair(first: "api: https://api.example", second: "api: HTTPS://API.Example.", collide: true),
    Pair(first: "api: https://api.example", second: "api: \"https://api.example:444\"", collide: false),
    Pair(first: "api: https://api.example", second: "api: https://api.example, space: prod", collide: true),
    Pair(
      first: "api: https://api.example, space: test", second: "api: https://api.example, space: prod", collide: false),
    Pair(
      first: "api: https://api.example, space: prod, org: acme", second: "api: https://api.example, space: prod",
      collide: true),
  ]

  @Test(arguments: clouds)
  func `one place in Cloud Foundry is one however it is written`(pair: Pair) {
    let keys = [pair.first, pair.second].enumerated().map { number, place in
      """
        k\(number): {from: {cloud-foundry: {\(place), service-instance: cpi, key-name: cpi, preset: xsuaa, login: {client: {id: c, secret-credential: c}}}}}
      """
    }
    let reading = read("service-keys:\n" + keys.joined(separator: "\n"))
    #expect(reading.mistakes.count == (pair.collide ? 1 : 0), "\(reading.mistakes)")
    #expect(reading.mistakes.allSatisfy { $0.description.contains("same service instance as 'k0'") })
  }

  static let managers: [Pair] = [
    Pair(
      first: "/etc/certrotd/one, service-instance: i", second: "/etc/certrotd/same, service-instance: i", collide: true),
    Pair(
      first: "/etc/certrotd/one, service-instance: i", second: "/etc/certrotd/other, service-instance: i",
      collide: false),
    Pair(
      first: "/etc/certrotd/one, service-instance: \(guid)",
      second: "/etc/certrotd/other, service-instance: \(guid.uppercased())", collide: true),
    Pair(first: "one, service-instance: i", second: "/etc/certrotd/one, service-instance: i", collide: false),
  ]

  @Test(arguments: managers)
  func `one place in a Service Manager is one whatever its binding is called`(pair: Pair) {
    let keys = [pair.first, pair.second].enumerated().map { number, place in
      "  k\(number): {from: {service-manager: {binding-file: \(place), key-name: cpi, preset: xsuaa}}}"
    }
    let reading = read("service-keys:\n" + keys.joined(separator: "\n")) { files in
      for (name, content) in [("one", "a"), ("same", "a"), ("other", "b")] {
        files.add(FilePath("/etc/certrotd/\(name)"), content, mode: 0o600)
      }
    }
    #expect(reading.mistakes.count == (pair.collide ? 1 : 0), "\(reading.mistakes)")
  }

  @Test func `the name of the installation is a default`() {
    #expect(read("defaults: {installation: node-a}").configuration?.defaults.installation == "node-a")
  }
}
