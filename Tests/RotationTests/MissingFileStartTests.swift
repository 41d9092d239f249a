// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A start after files went that the configuration names, as when a file system is not mounted after a reboot.
struct MissingFileStartTests {
  private let site: Site
  private let leaf: TestIdentity

  init() throws {
    site = try Site()
    leaf = try Authority.one.get().leaf("client")
    try site.folder.write("roots.pem", [try Authority.one.get().root.certificate].pem)
    try configure()
  }

  private func configure(more: String = "") throws {
    try site.configure(
      """
      keystores:
        other: {trust: {bundles: [\(site.folder.file("roots.pem"))]}, files: [{pse: {path: trust.pse}}]}
        client:
          identity: {pem: {certificate: \(site.folder.file("away/certificate.pem")), key: \(site.folder.file("away/key.pem"))}}
          files: [{pfx: {path: client.pfx, password-credential: \(site.folder.file("away/password"))}}]
          after-change: [[\(site.folder.file("away/hook"))]]
      \(more)
      """)
  }

  /// Puts the file system in place that holds what the keystore needs.
  private func mount() throws {
    let files = HostFiles()
    try files.makeDirectories(at: site.folder.file("away"), mode: [.ownerReadWriteExecute])
    try site.folder.write("away/certificate.pem", leaf.path.pem)
    try site.folder.write("away/key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    try site.folder.write("away/password", bytes: "geheim".utf8)
    try files.replaceFile(
      at: site.folder.file("away/hook"), mode: [.ownerReadWriteExecute],
      contents: SecretBytes(copying: "#!/bin/sh\n".utf8))
  }

  @Test func `everything else is looked after, and what is missing is told`() async throws {
    try mount()
    try await site.settle()
    _ = site.recorder.take()
    try HostFiles().removeTree(at: site.folder.file("away"))
    try site.folder.write("roots.pem", [try Authority.two.get().root.certificate].pem)
    try await site.run { daemon in
      try await daemon.settle()
      let told = site.recorder.take()
      let missing = try #require(told.first { $0.event == .configurationIncomplete })
      #expect(missing.fields[.mistakes] == "4" && missing.fields[.culprit] == "host", "\(missing)")
      for name in ["certificate.pem", "key.pem", "password", "hook"] {
        #expect(missing.message.contains("away/\(name) does not exist"), "\(missing.message)")
      }
      #expect(told.contains { $0.event == .renewalFailing && $0.fields[.keystore] == "client" }, "\(told.map(\.event))")
      #expect(try await daemon.currentNumber("other") == 2)
      #expect(try await daemon.currentNumber("client") == 1, "its files stay")
      // For commands, this is what is in force.
      let copy = AcceptedConfigurationFile(layout: site.layout, files: HostFiles())
      #expect(try copy.load(of: site.configuration)?.keystores.map(\.name) == ["other", "client"])
      #expect(try await daemon.services.keeper.reload().count == 4, "a reload has something to stay with")
      #expect(site.recorder.takeNames() == [.configurationRejected])
    }
    try mount()
    let told = try await site.settle()
    #expect(told.contains(.keystoreRecovered) && !told.contains(.configurationIncomplete), "\(told)")
  }

  @Test func `with any other mistake it does not start`() async throws {
    try mount()
    try HostFiles().removeTree(at: site.folder.file("away"))
    try configure(more: "  third: {fils: []}")
    await #expect(throws: StartError.self) { try await site.run { _ in } }
    #expect(site.recorder.takeNames() == [.configurationRejected])
  }
}
