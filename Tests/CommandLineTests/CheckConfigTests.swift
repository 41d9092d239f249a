// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Foundation
import Host
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine

/// What `check-config` finds in the files that a configuration names, and how errors look to programs.
struct CheckConfigTests {
  private let folder: TemporaryFolder
  private let client: TestIdentity

  init() throws {
    folder = try TemporaryFolder()
    let root = try TestCA.root()
    client = try root.intermediate().leaf()
    let other = try root.intermediate().leaf()
    try folder.write("roots.pem", PEMBlock(root.certificate).text)
    try folder.write("cert.pem", client.chain.map { PEMBlock($0).text }.joined())
    try folder.write("key.pem", bytes: client.key.pem(.pkcs8).copyBytes())
    try folder.write("other.pem", bytes: other.key.pem(.pkcs8).copyBytes())
    try folder.write("empty.pem", "nothing is in here\n")
    try folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    try HostFiles().makeDirectory(at: folder.file("empty"), mode: .ownerReadWriteExecute)
    let ended = try root.leaf { options in
      (options.notBefore, options.notAfter) = (Date(timeIntervalSinceNow: -9000), Date(timeIntervalSinceNow: -3600))
    }
    try folder.write("ended.pem", ended.chain.map { PEMBlock($0).text }.joined())
    try folder.write("ended.key", bytes: ended.key.pem(.pkcs8).copyBytes())
  }

  private func configure(
    anchors: String = "roots.pem", bundle: String = "roots.pem", certificate: String = "cert.pem",
    key: String = "key.pem", owner: String = "root", group: String = "root"
  ) throws {
    try folder.write(
      "certrotd.yaml",
      """
      endpoints:
        shop: {url: shop.example, anchors: {bundle: HERE/\(anchors)}}
      keystores:
        client:
          identity:
            pem:
              certificate: HERE/\(certificate)
              key: HERE/\(key)
          trust:
            bundles: [HERE/\(bundle)]
          files:
            - pse:
                path: client.pse
                owner: \(owner)
                group: \(group)
      """.replacing("HERE", with: "\(folder.path)"))
  }

  private var options: [String] {
    ["--config", folder.file("certrotd.yaml").string, "--state", folder.file("state").string]
  }

  private func command() throws -> CheckConfigCommand {
    try #require(try Certrotd.parseAsRoot(["check-config"] + options) as? CheckConfigCommand)
  }

  private func warnings() throws -> [String] {
    try command().check().0.warnings.map { "\($0)".replacing("\(folder.path)/", with: "") }
  }

  @Test func `a good configuration has none`() throws {
    try configure()
    #expect(try warnings() == [])
    try command().run()
  }

  enum Flaw: CaseIterable {
    case anchors, brokenBundle, emptyBundle, emptyFolder, certificate, brokenCertificate, key, pair, ended, user, group
  }

  @Test(arguments: Flaw.allCases)
  func `what the daemon could not work with is found, with its place`(flaw: Flaw) throws {
    let expected: String
    switch flaw {
    case .anchors:
      try configure(anchors: "empty.pem")
      expected = "certrotd.yaml:2:47: warning: endpoints.shop.anchors.bundle: empty.pem holds no certificate"
    case .brokenBundle:
      try configure(bundle: "broken.pem")
      expected =
        "certrotd.yaml:10:17: warning: keystores.client.trust.bundles[0]: broken.pem holds something that is no"
    case .emptyBundle:
      try configure(bundle: "empty.pem")
      expected = "certrotd.yaml:10:17: warning: keystores.client.trust.bundles[0]: empty.pem holds no certificate"
    case .emptyFolder:
      try configure(bundle: "empty")
      expected = "certrotd.yaml:10:17: warning: keystores.client.trust.bundles[0]: empty holds no certificate"
    case .certificate:
      try configure(certificate: "empty.pem")
      expected =
        "certrotd.yaml:7:22: warning: keystores.client.identity.pem.certificate: empty.pem holds no certificate"
    case .brokenCertificate:
      try configure(certificate: "broken.pem")
      expected =
        "certrotd.yaml:7:22: warning: keystores.client.identity.pem.certificate: broken.pem holds something that is no"
    case .key:
      try folder.write("empty.key", bytes: [])
      try configure(key: "empty.key")
      expected = "certrotd.yaml:8:14: warning: keystores.client.identity.pem.key: empty.key holds no private key"
    case .pair:
      try configure(key: "other.pem")
      expected =
        "certrotd.yaml:8:14: warning: keystores.client.identity.pem.key: the private key in other.pem belongs to no"
    case .ended:
      try configure(certificate: "ended.pem", key: "ended.key")
      expected = "certrotd.yaml:7:22: warning: keystores.client.identity.pem.certificate: the certificate"
    case .user:
      try configure(owner: "no-such-user")
      expected = "certrotd.yaml:14:18: warning: keystores.client.files[0].pse.owner: there is no user no-such-user"
    case .group:
      try configure(group: "no-such-group")
      expected = "certrotd.yaml:15:18: warning: keystores.client.files[0].pse.group: there is no group no-such-group"
    }
    let found = try warnings()
    #expect(found.count == 1 && found.first?.hasPrefix(expected) == true, "\(found)")
    let error = #expect(throws: ExitCode.self) { try command().run() }
    #expect(error == ExitCode.fault)
    let daemons = ConfigurationReader.read(main: folder.file("certrotd.yaml"), files: HostConfigurationFiles())
    #expect(daemons.configuration != nil && daemons.warnings == [], "the daemon takes it, and tells of it otherwise")
  }

  @Test func `an encrypted key whose passphrase only the unit loads is not judged`() throws {
    try configure(key: "other.pem\n        passphrase-credential: of-the-unit")
    #expect(try warnings() == [])
  }

  @Test(arguments: ["", "\n"])
  func `an empty password is found, with its place`(contents: String) throws {
    try folder.write("password", contents)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("password").string)
    try folder.write(
      "certrotd.yaml",
      """
      keystores:
        client:
          trust: {bundles: [\(folder.file("roots.pem"))]}
          files:
            - java-truststore:
                path: trust.p12
                password-credential: \(folder.file("password"))
      """)
    let found = try warnings()
    #expect(
      found.count == 1
        && found[0].hasPrefix(
          "certrotd.yaml:7:32: warning: keystores.client.files[0].java-truststore.password-credential: the credential")
        && found[0].contains("is empty"), "\(found)")
  }

  private func errorObject(_ words: String...) async throws -> [String: ErrorValue]? {
    let arguments = words + ["--json"] + options
    do {
      try await Certrotd.run(arguments)
      return nil
    } catch {
      let text = Certrotd.errorObject(of: error, after: arguments)
      return try text.map { try JSONDecoder().decode([String: ErrorValue].self, from: Data($0.utf8)) }
    }
  }

  private enum ErrorValue: Decodable, Equatable {
    case text(String)
    case number(Int)
    case mistakes([Mistake])

    struct Mistake: Decodable, Equatable {
      let line: Int
      let column: Int
      let severity: String
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .mistakes(try container.decode([Mistake].self))
      }
    }
  }

  @Test func `an error of a command that was given --json is one object`() async throws {
    try folder.write("certrotd.yaml", "endpoints:\n  shop: {uri: shop.example}\n")
    for words in [["check-config"], ["status"], ["rollback", "x"], ["key", "import", "x"], ["fetch", "shop"]] {
      if words[0] == "key" { try folder.write("x", "{}") }
      let object: [String: ErrorValue]?
      switch words.count {
      case 1: object = try await errorObject(words[0])
      case 2: object = try await errorObject(words[0], words[1])
      default: object = try await errorObject(words[0], words[1], folder.file("x").string)
      }
      let found = try #require(object, "\(words)")
      #expect(found["exit-code"] == .number(78), "\(words)")
      #expect(found["error"] == .text("the configuration has 2 mistakes"), "\(words): \(found)")
      guard case .mistakes(let mistakes) = found["mistakes"] else {
        Issue.record("\(words) list no mistakes")
        continue
      }
      #expect(mistakes.allSatisfy { $0.line == 2 && $0.severity == "error" })
    }
    try configure()
    let absent = try #require(try await errorObject("status"))
    #expect(absent["exit-code"] == .number(1) && absent["mistakes"] == nil)
    #expect(try await errorObject("check-config") == nil)
    let wrong = try #require(try await errorObject("history", "x", "--limit", "0"))
    #expect(wrong["exit-code"] == .number(64))
    #expect(Certrotd.errorObject(of: Refusal("no"), after: ["status"]) == nil, "others are told on standard error")
    #expect(Certrotd.errorObject(of: ExitCode.fault, after: ["status", "--json"]) == nil, "the report says it all")
  }
}
