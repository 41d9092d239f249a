// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What passes by itself is no alarm, what passed leaves nothing behind, and one damaged value stops nothing else.
struct PassingFaultTests {
  private let site: Site
  private let authority: Authority

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
  }

  private func configurePEM(_ more: String = "") throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(site.folder.file("cert.pem")), key: \(site.folder.file("key.pem"))}}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.key}}\(more)]
      """)
    try site.folder.write("roots.pem", authority.issuing.path.pem)
  }

  private func place(_ leaf: TestIdentity) throws {
    try site.folder.write("cert.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
  }

  @Test func `a certificate that is replaced a moment before its key is no news`() async throws {
    try configurePEM()
    try place(authority.leaf("client.example", days: 100))
    try await site.settle()
    let next = try authority.leaf("client.example", days: 300)
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try site.folder.write("cert.pem", next.path.pem)
      try await daemon.services.refresher.changed(site.folder.file("cert.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
      try place(next)
      try await daemon.services.refresher.changed(site.folder.file("key.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.identityRenewed, .keystoreWritten])
      try site.folder.write("cert.pem", try authority.leaf("client.example", days: 320).path.pem)
      try await daemon.services.refresher.changed(site.folder.file("cert.pem"))
      try await daemon.settle()
      site.clock.advance(by: .minutes(5))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.renewalFailing], "a pair that stays wrong is told of")
    }
  }

  @Test func `a failed write that is not wanted any more leaves nothing behind`() async throws {
    try configurePEM()
    try place(authority.leaf("client.example", days: 300))
    try await site.settle()
    try configurePEM(", {pse: {path: client.pse}}")
    #expect(try await site.settle().contains(.keystoreFailed))
    try configurePEM()
    #expect(try await site.settle().contains(.keystoreRecovered))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(await daemon.context.landscape.inventory.keystores["client"]?.writing.failures == 0)
    }
  }

  @Test func `a key that the ledger cannot open any more is read again`() async throws {
    try configurePEM()
    let leaf = try authority.leaf("client.example", days: 300)
    try place(leaf)
    try await site.settle()
    let damage = """
      import sqlite3, sys
      connection = sqlite3.connect(sys.argv[1])
      connection.execute("UPDATE identity SET sealed_key = zeroblob(length(sealed_key))")
      connection.commit()
      """
    let result = try await OutsideTool.run("python3", ["-c", damage, site.layout.ledger.string])
    #expect(result.succeeded, "\(result.errors)")
    try configurePEM(", {pem: {certificate: more.pem, key: more.key}}")
    #expect(try await site.settle() == [.started, .configurationApplied, .keystoreFailed])
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keystoreWritten, .keystoreRecovered])
      let key = try HostFiles().readSecretFile(
        site.layout.keystore("client").appending("current").appending("more.key"), limit: 1 << 20)
      #expect(try PrivateKey(pem: key).fits(leaf.certificate))
    }
  }

  @Test func `a service key whose issuer arrives later is taken over at once`() async throws {
    try site.configure(
      """
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
      keystores:
        client:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.key}}]
      """)
    let other = try Authority.two.get()
    try site.folder.write("roots.pem", other.issuing.path.pem)
    let leaf = try authority.leaf("sender", days: 300)
    try site.folder.write("sender.json", leaf.serviceKeyJSON(certificates: [leaf.certificate]))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keyRejected])
      try site.folder.write("roots.pem", (other.issuing.path + authority.issuing.path).pem)
      try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keyAccepted, .keyRecovered, .keystoreWritten])
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a verification that the end of the daemon cuts short is no verdict`() async throws {
    let leaf = try authority.leaf("localhost", days: 300)
    let server = try TLSServer(identity: leaf.served)
    server.setBehaviour(.silent)
    try site.configure(
      """
      service-keys:
        sender:
          from: {file: \(site.folder.file("sender.json"))}
          verify: {request: "https://127.0.0.1:\(server.port)/"}
      keystores:
        client:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.key}}]
      """)
    try site.folder.write("roots.pem", authority.issuing.path.pem)
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try site.folder.write("sender.json", leaf.serviceKeyJSON())
      try await daemon.services.refresher.changed(site.folder.file("sender.json"))
      let due = try #require(await daemon.context.landscape.plan(now: site.clock.now()).due.first)
      let task = Task { try await daemon.services.dispatcher.run(due) }
      await server.acceptedConnections(reach: 1)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(site.recorder.takeNames().isEmpty)
      #expect(await daemon.context.landscape.inventory.serviceKeys["sender"]?.rejected == nil)
    }
  }
}
