// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Keystores
import Ledger
import OpenSSLBridge
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A landscape on the eve of a busy day, which can be played again and again.
///
/// Its keystores are in force, the server has moved to another authority, and another service key lies in its place.
struct CrashScene: Sendable {
  /// The keystores, each with what consumers read of it beside its folder.
  static let keystores = ["sap": "outside.pse", "sender": "outside.pem", "strust": nil]

  let site: Site
  /// Shows what the busy day finds.
  private let server: TLSServer?
  private let template: TemporaryFolder?

  /// Lives the days before.
  init() async throws {
    let (one, two) = (try Authority.one.get(), try Authority.two.get())
    let server = try TLSServer(identity: try one.leaf(days: 800).served)
    let site = try Site()
    self.server = server
    self.site = site
    try site.folder.write("anchors.pem", (one.issuing.path + two.issuing.path).pem)
    try site.folder.write("sender.json", bytes: one.leaf("sender", days: 300).serviceKeyJSON().utf8)
    try Self.configure(site, port: server.port)
    // Once more than generations are kept, so that the day removes one.
    try await site.settle()
    site.clock.advance(by: .days(1))
    try site.folder.write("sender.json", bytes: one.leaf("sender", days: 310).serviceKeyJSON().utf8)
    try await site.settle()
    try server.setIdentity(two.leaf(days: 800).served)
    try site.folder.write("sender.json", bytes: one.leaf("sender", days: 320).serviceKeyJSON().utf8)
    site.clock.advance(by: .days(1))
    let template = try TemporaryFolder()
    self.template = template
    try await Self.copy(from: site.folder, to: template)
  }

  /// The same in another process, where nobody serves and nothing is restored.
  init(in folder: TemporaryFolder, at now: Date) {
    site = Site(in: folder, reach: PlatformReach())
    site.clock.set(now)
    server = nil
    template = nil
  }

  private static func configure(_ site: Site, port: UInt16) throws {
    let hook = "[[/bin/sh, -c, \"echo $CERTROTD_KEYSTORE $CERTROTD_GENERATION >> \(site.folder.file("hooks"))\"]]"
    try site.configure(
      """
      defaults: {keep-generations: 2, proxy: none}
      endpoints:
        shop:
          url: https://localhost:\(port)
          connect-to: 127.0.0.1:\(port)
          anchors: {bundle: \(site.folder.file("anchors.pem"))}
          timeout: 5m
      service-keys:
        sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}
      keystores:
        sap:
          identity: {self-signed: {subject: CN=host, valid-for: 825d, key-bits: 2048}}
          trust: {endpoints: [shop]}
          after-change: \(hook)
          files: [{pse: {path: client.pse}}, {pse: {path: \(site.folder.file("outside.pse"))}}]
        sender:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("anchors.pem"))]}
          after-change: \(hook)
          files:
            - pem: {certificate: cert.pem, key: key.pem}
            - pfx: {path: cert.pfx, empty-password: true}
            - pem: {certificate: \(site.folder.file("outside.pem"))}
        strust:
          trust: {endpoints: [shop]}
          after-change: \(hook)
          files: [{ca-directory: {path: ca}}]
      """)
  }

  /// Puts the eve of the day back.
  func restore() async throws {
    site.clock.set(aTime + 2 * day)
    _ = site.recorder.take()
    try await Self.copy(from: #require(template), to: site.folder)
  }

  private static func copy(from source: TemporaryFolder, to target: TemporaryFolder) async throws {
    for name in try HostFiles().list(target.path) { try HostFiles().removeTree(at: target.file(name)) }
    let copy = try await OutsideTool.run("cp", ["-a", "\(source.path)/.", target.path.string])
    #expect(copy.succeeded, "\(copy.everything)")
  }

  /// The day: the daemon starts, does all that is due, and ends.
  func play(files: HostFiles = HostFiles(), ledger: (any LedgerCheckpoint)? = nil) async throws {
    try await site.run(files: files, ledgerOptions: LedgerOptions(checkpoint: ledger)) { try await $0.settle() }
  }
}
