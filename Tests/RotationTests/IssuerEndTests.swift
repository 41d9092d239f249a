// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import OpenSSLBridge
import Planning
import Settings
import TestSupport
import Testing

@testable import Rotation

/// Identities whose issuer ends before they do.
struct IssuerEndTests {
  private let site: Site

  init() throws {
    site = try Site()
    let issuing = try Authority.one.get().root.intermediate("CN=Short, O=TS") { options in
      (options.notBefore, options.notAfter) = (aTime - 500 * day, aTime + 40 * day)
    }
    let leaf = try issuing.leaf(dns: "localhost") { options in
      (options.notBefore, options.notAfter) = (aTime - day, aTime + 300 * day)
    }
    try site.folder.write("sender.json", bytes: leaf.serviceKeyJSON(certificates: leaf.path).utf8)
    try site.folder.write("certificate.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    let pem = "{pem: {certificate: \(site.folder.file("certificate.pem")), key: \(site.folder.file("key.pem"))}}"
    try site.configure(
      """
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
      keystores:
        keyed: {identity: {service-key: sender}, files: [{pem: {certificate: cert.pem, key: key.pem}}]}
        own: {identity: \(pem), files: [{pem: {certificate: cert.pem, key: key.pem}}]}
      """)
  }

  private func statuses(_ daemon: RunningSite) async -> [SubjectStatus] {
    let landscape = daemon.context.landscape
    return StatusReader.read(await landscape.configuration, await landscape.inventory, now: site.clock.now()).subjects
  }

  @Test func `they are told of and shown by the end of the issuer, however the daemon knows of them`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      let accepted = try #require(site.recorder.take(.keyAccepted).first)
      #expect(accepted.message.contains("when the issuer CN=Short, O=TS of the identity ends"), "\(accepted.message)")
      for status in await statuses(daemon) {
        #expect(status.breakage?.what == "the issuer CN=Short, O=TS of the identity", "\(status)")
        #expect(status.breakage?.at == aTime + 40 * day && status.state != .expired)
      }
    }
    try await site.run { daemon in
      site.clock.advance(by: .days(35))
      try await daemon.settle()
      let told = site.recorder.take(.certificateExpiring)
      #expect(
        told.count == 2 && told.allSatisfy { $0.message.contains("the issuer CN=Short, O=TS of the identity") },
        "\(told)")
      for status in await statuses(daemon) {
        #expect(status.state == .expiring && status.reason.contains("the issuer CN=Short, O=TS"), "\(status)")
      }
      site.clock.advance(by: .days(6))
      for status in await statuses(daemon) { #expect(status.state == .expired, "\(status)") }
    }
  }
}
