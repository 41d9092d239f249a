// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// An identity that something else maintains as PEM files, from its end to its repair.
struct PEMIdentityLifeTests {
  private let site: Site
  private let authority: Authority
  private let certificate: FilePath
  private let key: FilePath

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
    (certificate, key) = (site.folder.file("certificate.pem"), site.folder.file("key.pem"))
    try put(days: 10)
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(certificate), key: \(key)}}
          files: [{pem: {certificate: cert.pem, key: key.pem}}]
      """)
  }

  private func put(days: Double) throws {
    let leaf = try authority.leaf("client", days: days)
    try site.folder.write("certificate.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
  }

  @Test func `its end is told once, and not again at the moment of repair`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      site.clock.advance(by: .days(11))
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.certificateExpired))
      try put(days: 100)
      for path in [certificate, key] { try await daemon.services.refresher.changed(path) }
      try await daemon.settle()
      let told = site.recorder.takeNames()
      #expect(told.contains(.identityRenewed) && told.contains(.keystoreWritten), "\(told)")
      #expect(!told.contains(.certificateExpired), "\(told)")
    }
  }

  @Test func `a key that no PSE can hold is the configuration's fault`() async throws {
    try site.folder.write("root.pem", [authority.root.certificate].pem)
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(certificate), key: \(key)}}
          trust: {bundles: [\(site.folder.file("root.pem"))]}
          files: [{pse: {path: client.pse}}]
      """)
    try await site.run { daemon in
      try await daemon.settle()
      let told = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(told.fields[.culprit] == Culprit.configuration.rawValue)
      #expect(
        told.fields[.reason]?.hasPrefix("client.pse: a PSE takes RSA keys only, and the private key is EC P-256: ")
          == true,
        "\(told)")
    }
  }

  @Test(arguments: [(5.0, true), (20.0, false)])
  func `an identity that ends earlier is taken over with a warning`(days: Double, isEarlier: Bool) async throws {
    let lines = LogLines()
    try await site.run(logger: lines.logger) { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      _ = lines.take()
      try put(days: days)
      for path in [certificate, key] { try await daemon.services.refresher.changed(path) }
      try await daemon.settle()
      let told = try #require(site.recorder.take(.identityRenewed).last)
      #expect(told.fields[.reason]?.contains("ends earlier than the one before") == isEarlier, "\(told)")
      let warnings = lines.take()
      #expect(warnings.contains("ends earlier than the one before") == isEarlier, "\(warnings)")
      #expect(try await daemon.currentNumber("client") == 2, "the files are the operator's word")
    }
  }

  @Test(arguments: ["certificate.pem", "key.pem"])
  func `files that cannot be used are named, and their repair is told`(name: String) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let whole = try HostFiles().readFile(site.folder.file(name), limit: 1 << 20)
      try site.folder.write(name, "nothing is in here\n")
      try await daemon.services.refresher.changed(site.folder.file(name))
      try await daemon.settle()
      let failing = site.recorder.take(.renewalFailing)
      #expect(failing.count == 1)
      #expect(failing.first?.fields[.reason]?.contains(site.folder.file(name).string) == true, "\(failing)")
      try site.folder.write(name, bytes: whole)
      try await daemon.services.refresher.changed(site.folder.file(name))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreRecovered])
      try await daemon.services.refresher.changed(site.folder.file(name))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
    }
  }

  @Test func `another cause of a lasting failure is told, each once`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      func fail() async throws -> [String] {
        for path in [certificate, key] { try await daemon.services.refresher.changed(path) }
        try await daemon.settle()
        return site.recorder.take(.renewalFailing).compactMap { $0.fields[.reason] }
      }
      let (whole, wholeKey) = try (
        HostFiles().readFile(certificate, limit: 1 << 20), HostFiles().readFile(key, limit: 1 << 20)
      )
      try site.folder.write("certificate.pem", "nothing is in here\n")
      #expect(try await fail().count == 1)
      #expect(try await fail().isEmpty)
      try site.folder.write("certificate.pem", bytes: whole)
      try HostFiles().removeTree(at: key)
      let second = try await fail()
      #expect(second.count == 1 && second[0].contains("key.pem"), "\(second)")
      try site.folder.write("certificate.pem", "nothing is in here\n")
      #expect(try await fail().isEmpty, "the first one again")
      try site.folder.write("certificate.pem", bytes: whole)
      try site.folder.write("key.pem", bytes: wholeKey)
      #expect(try await fail().isEmpty)
    }
  }
}
