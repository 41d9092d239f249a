// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import HTTPTransport
import Host
import Keystores
import Ledger
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What `certrotd verify` says of each file, however damaged the others are.
struct VerificationTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.folder.write("trust.pem", try Authority.one.get().issuing.path.pem)
    try site.folder.write("password", bytes: "the first one".utf8)
    try configure()
  }

  private func configure(more: String = "") throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - pse: {path: client.pse}
            - pfx: {path: client.pfx, password-credential: \(site.folder.file("password"))}
            - pem: {certificate: \(site.folder.file("cert.pem")), key: key.pem}
            - ca-directory: {path: list}
      \(more)
      """)
  }

  private func verify(_ daemon: RunningSite) async throws -> KeystoreVerification.Result {
    try await site.verify("client", daemon)
  }

  private static func isBad(_ file: FileVerdict) -> Bool { !file.faults.isEmpty }

  private func file(_ name: String, _ result: KeystoreVerification.Result) throws -> FileVerdict {
    try #require(result.files.first { $0.path.lastComponent?.string == name })
  }

  private var current: FilePath { site.layout.keystore("client").appending("current") }

  @Test func `files that have ended say what to do`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      site.clock.advance(by: .days(826))
      let file = try file("client.pse", try await verify(daemon))
      #expect(file.faults.contains { $0.contains("ended on") }, "\(file)")
      #expect(file.remedy?.contains("certrotd plan") == true, "\(file)")
    }
  }

  @Test func `good files are listed where consumers open them`() async throws {
    try await site.run { daemon in
      let nothing = try await verify(daemon)
      #expect(!nothing.isGood && nothing.faults.first?.hasPrefix("there is no generation yet") == true)
      try await daemon.settle()
      let result = try await verify(daemon)
      #expect(result.isGood && result.generation == 1, "\(result)")
      #expect(
        result.files.map(\.path)
          == [
            current.appending("client.pse"), current.appending("client.pfx"), site.folder.file("cert.pem"),
            current.appending("key.pem"), current.appending("list"),
          ])
    }
  }

  @Test func `every file is judged, and each fault has its cause and its remedy`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try site.folder.write("state/keystores/client/current/client.pse", "a foreign program's")
      try HostFiles().removeTree(at: site.folder.file("cert.pem"))
      try site.folder.write("state/keystores/client/current/list/stray.txt", "x")
      try site.folder.write("password", bytes: "the second one".utf8)
      let result = try await verify(daemon)
      #expect(!result.isGood && result.files.count == 5)
      let pse = try file("client.pse", result)
      #expect(pse.faults.contains("has other contents than were delivered"))
      #expect(pse.faults.last?.contains("holds no pse that can be read") == true)
      #expect(pse.remedy?.contains("find out who changes it") == true)
      #expect(try file("cert.pem", result).faults == ["is missing"])
      #expect(try file("list", result).faults.contains("stray.txt: was not delivered"))
      let pfx = try file("client.pfx", result)
      #expect(pfx.faults == ["has another password or PIN than its credential holds now, and is whole otherwise"])
      #expect(pfx.remedy?.contains("with the password of now") == true)
      #expect(try file("key.pem", result).faults.isEmpty, "what is whole is good")
    }
  }

  @Test func `a credential that is gone is told of its file only`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try HostFiles().removeTree(at: site.folder.file("password"))
      let result = try await verify(daemon)
      let bad = result.files.filter(Self.isBad)
      #expect(bad.map(\.path) == [current.appending("client.pfx")])
      #expect(bad.first?.faults.first?.contains(site.folder.file("password").string) == true)
    }
  }

  enum Removal: CaseIterable { case current, generations, everything }

  @Test(arguments: Removal.allCases)
  func `what was removed is told from what never was`(removal: Removal) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      let folder = daemon.context.layout.keystore("client")
      switch removal {
      case .current: try HostFiles().removeTree(at: folder.appending("current"))
      case .generations:
        for name in ["000001"] { try HostFiles().removeTree(at: folder.appending("generations").appending(name)) }
      case .everything: try HostFiles().removeTree(at: folder)
      }
      let result = try await verify(daemon)
      let texts = result.faults + result.files.flatMap { $0.faults + [$0.remedy ?? ""] }
      #expect(!result.isGood && texts.allSatisfy { !$0.contains("before the configuration named it") }, "\(texts)")
      #expect(texts.allSatisfy { !$0.contains("no generation yet") }, "\(texts)")
      guard removal == .generations else {
        #expect(result.faults.first?.contains("current was removed, though generation 1 is in force") == true)
        #expect(result.faults.first?.contains("a running daemon puts it back") == true)
        return
      }
      #expect(result.faults.first?.contains("the files of generation 1 are not there") == true, "\(result.faults)")
      let pse = try file("client.pse", result)
      #expect(pse.faults.first?.contains("is not there, and neither is the list") == true)
      #expect(pse.remedy?.contains("writes the files anew") == true)
    }
  }

  @Test func `a file that is not written yet, and a generation without its list`() async throws {
    try await site.settle()
    try configure(more: "      - java-truststore: {path: trust.p12, empty-password: true}")
    try await site.run { daemon in
      let result = try await verify(daemon)
      let new = try file("trust.p12", result)
      #expect(new.faults.first?.contains("before the configuration named it") == true, "\(new)")
      #expect(result.files.count(where: Self.isBad) == 1)
      try site.folder.write("state/keystores/client/current/.manifest.json", "{")
      let without = try await verify(daemon)
      #expect(!without.isGood && without.faults.first?.contains(".manifest.json") == true, "\(without.faults)")
      #expect(without.files.count == 6, "the files are judged all the same")
    }
  }
}
