// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine

/// What `check-config` finds in the credentials that certrotd logs in to platforms with.
struct CheckLoginTests {
  private let folder: TemporaryFolder
  private let root: TestIdentity

  init() throws {
    folder = try TemporaryFolder()
    root = try TestCA.root()
  }

  private func leaf(from start: TimeInterval = -3600, until end: TimeInterval = 86_400) throws -> TestIdentity {
    try root.intermediate().leaf { options in
      (options.notBefore, options.notAfter) = (Date(timeIntervalSinceNow: start), Date(timeIntervalSinceNow: end))
    }
  }

  private func pem(_ certificates: [Certificate]) -> String { certificates.map { PEMBlock($0).text }.joined() }

  private func text(_ key: PrivateKey) throws -> String {
    String(decoding: try key.pem(.pkcs8).copyBytes(), as: UTF8.self)
  }

  private func binding(_ identity: TestIdentity, key: PrivateKey) throws -> String {
    let members = [
      "clientid": "sb-1", "certificate": pem(identity.chain), "key": try text(key),
      "certurl": "https://x.authentication.cert.eu10.example", "sm_url": "https://manager.example",
    ]
    return String(decoding: try JSONEncoder().encode(["credentials": members]), as: UTF8.self)
  }

  private func warnings(_ source: String, _ content: String, more: String = "") throws -> [String] {
    try folder.write("proof", bytes: content.utf8)
    let yaml = """
      service-keys:
        a: {from: {\(source.replacing("PROOF", with: folder.file("proof").string)), preset: xsuaa}}}
        b: {from: {\(source.replacing("PROOF", with: folder.file("proof").string)), preset: identity}}}
      \(more.replacing("PROOF", with: folder.file("proof").string))
      """
    try folder.write("certrotd.yaml", yaml)
    let files = ExaminedFiles(HostConfigurationFiles(), now: Date())
    let reading = ConfigurationReader.read(
      main: folder.file("certrotd.yaml"), files: files, stateDirectory: folder.file("state"))
    #expect(reading.mistakes == [], "the daemon would start with it")
    return reading.warnings.map { $0.description.replacing(folder.path.string, with: "HERE") }
  }

  private static let manager = "service-manager: {binding-file: PROOF, service-instance: i"
  private static let certificate = """
    cloud-foundry: {api: "https://api.example", service-instance: i, login: {user-certificate: {name: robot, \
    tenant: "https://t.example", certificate-credential: PROOF}}
    """
  private static let password = """
    cloud-foundry: {api: "https://api.example", service-instance: i, login: {user: {name: robot, \
    password-credential: PROOF}}
    """

  @Test func `good logins have no flaw`() throws {
    let good = try leaf()
    #expect(try warnings(Self.manager, binding(good, key: good.key)).isEmpty)
    let secret = #"{"clientid":"c","clientsecret":"s","url":"https://x","sm_url":"https://x"}"#
    #expect(try warnings(Self.manager, secret).isEmpty)
    #expect(try warnings(Self.certificate, pem(good.chain) + text(good.key)).isEmpty)
    #expect(try warnings(Self.password, "hunter2").isEmpty)
  }

  @Test func `a binding that cannot be used is told of once, with its place and without its content`() throws {
    let good = try leaf()
    let other = try leaf()
    let old = try leaf(from: -9000, until: -3600)
    let early = try leaf(from: 3600)
    let cases: [(String, String)] = [
      ("hidden", "the binding is not the JSON that was expected"),
      (#"{"clientid":"c","sm_url":"https://x"}"#, "has neither 'clientsecret' nor 'certificate' and 'key'"),
      (#"{"clientid":"c","url":"https://x"}"#, "binding"),
      (try binding(good, key: other.key), "belongs to no certificate in it"),
      (try binding(old, key: old.key), "has ended, and nobody can log in with it"),
      (try binding(early, key: early.key), "is not valid yet"),
    ]
    // An empty credential is told of wherever it is named, and once there.
    let empty = try warnings(Self.manager, "")
    #expect(empty.count == 2 && empty.allSatisfy { $0.contains("is empty") }, "\(empty)")
    for (content, words) in cases {
      let found = try warnings(Self.manager, content)
      #expect(found.count == 1, "\(words): \(found)")
      let warning = try #require(found.first)
      #expect(warning.contains("HERE/certrotd.yaml:2:") && warning.contains("warning: service-keys.a.from"))
      #expect(warning.contains(words) && warning.contains("HERE/proof") && !warning.contains("hidden"), "\(warning)")
    }
  }

  @Test func `a binding that a service key renews may have ended`() throws {
    let old = try leaf(from: -9000, until: -3600)
    let more = """
        login:
          from: {service-manager: {binding-file: PROOF, service-instance: sm, preset: service-manager}}
      """
    #expect(try warnings(Self.manager, binding(old, key: old.key), more: more).isEmpty)
  }

  @Test func `a client certificate to log in with is judged`() throws {
    let good = try leaf()
    let other = try leaf()
    let old = try leaf(from: -9000, until: -3600)
    let cases: [(String, String)] = [
      ("nothing is in here", "holds no"), (pem(good.chain), "holds no private key that can be used"),
      (try pem(good.chain) + text(other.key), "belongs to no certificate in it"),
      (try pem(good.chain.reversed()) + text(good.key), "must come before the others"),
      (try pem(old.chain) + text(old.key), "has ended"),
      (try pem(Array(good.chain.prefix(1))) + text(good.key), "without its issuer"),
    ]
    for (content, words) in cases {
      let found = try warnings(Self.certificate, content)
      #expect(found.count == 1 && found.first?.contains(words) == true, "\(words): \(found)")
    }
    #expect(try warnings(Self.password, "\n").first?.contains("is empty") == true)
  }
}
