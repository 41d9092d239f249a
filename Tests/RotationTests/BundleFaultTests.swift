// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import OpenSSLBridge
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A bundle that somebody breaks is told of, and holds up nothing that worked.
struct BundleFaultTests {
  private let site: Site
  private let roots: [Certificate]

  init() throws {
    site = try Site()
    roots = try Authority.one.get().issuing.path
    try site.folder.write("roots.pem", roots.pem)
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 100d, key-bits: 2048}}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pse: {path: client.pse}}]
      """)
  }

  private func breakBundle(_ daemon: RunningSite) async throws {
    try site.folder.write("roots.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
    try await daemon.settle()
  }

  private func state(_ daemon: RunningSite) async throws -> SubjectStatus {
    let landscape = daemon.context.landscape
    let status = StatusReader.read(
      await landscape.configuration, await landscape.inventory, now: site.clock.now())
    return try #require(status.subjects.first)
  }

  @Test func `that it completes no chains is said once for as long as it lasts`() async throws {
    let lines = LogLines()
    try await site.run(logger: lines.logger) { daemon in
      try await daemon.settle()
      let pool = IssuerPool(
        landscape: daemon.context.landscape, bundles: BundleReader(), anchors: AnchorLibrary(), logger: lines.logger)
      func said() async -> Bool {
        _ = lines.take()
        _ = await pool.certificates()
        return lines.take().contains("does not help to complete chains")
      }
      #expect(await !said())
      try await breakBundle(daemon)
      #expect(await said())
      #expect(await !said())
      try site.folder.write("roots.pem", "nothing")
      #expect(await said(), "for another reason")
      try site.folder.write("roots.pem", roots.pem)
      #expect(await !said())
      try await breakBundle(daemon)
      #expect(await said())
    }
  }

  @Test func `it is told once, and what it held stays trusted through a renewal and a restart`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try await breakBundle(daemon)
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.bundleUnreadable])
      #expect(told.first?.fields[.path] == site.folder.file("roots.pem").string)
      #expect(try await state(daemon).state == .failing)
    }
    site.clock.advance(by: .days(68))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(
        site.recorder.takeNames() == [.started, .configurationApplied, .identityRenewed, .keystoreWritten],
        "that it is still broken is no news")
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(roots))
      #expect(try await state(daemon).reason.contains("no certificate"))
      try site.folder.write("roots.pem", roots.pem)
      try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreRecovered])
      #expect(try await state(daemon).state == .ok)
    }
  }

  @Test func `a keystore without files waits for it and says so`() async throws {
    try site.folder.write("roots.pem", "nothing")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(
        site.recorder.takeNames() == [.started, .bundleUnreadable, .configurationApplied, .identityRenewed])
      #expect(try await state(daemon).state == .failing)
      try site.folder.write("roots.pem", roots.pem)
      try await daemon.services.refresher.changed(site.folder.file("roots.pem"))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreRecovered, .keystoreWritten])
    }
  }
}
