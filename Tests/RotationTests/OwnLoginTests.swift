// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Ledger
import OpenSSLBridge
import Planning
import TestSupport
import Testing

@testable import Rotation

/// The daemon's own login ends like any other certificate, and takes every renewal with it.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct OwnLoginTests {
  private func configure(_ platform: PlatformSite, names: [String: String]) throws {
    let entries = names.sorted { $0.key < $1.key }.map { name, source in
      """
        \(name):
          from:
            service-manager: {binding-file: \(platform.site.folder.file("manager")), \(source)}
          # The keys are looked at four times within it.
          overlap: 12d
      """
    }
    try platform.site.configure(
      "defaults: {installation: one, refetch-every: 5d}\nservice-keys:\n" + entries.joined(separator: "\n"))
  }

  @Test func `the end of a login is told once for all that use it, before it locks certrotd out`() async throws {
    try await PlatformSite.run { platform in
      try platform.logIn(with: "certificate")
      try configure(
        platform,
        names: [
          "first": "service-instance: xsuaa-sm, preset: xsuaa",
          "second": "service-instance: it-rt-sm, preset: cloud-integration",
        ])
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 59 * day)
        let early = platform.site.recorder.takeNames()
        #expect(!early.contains(.loginExpiring) && !early.contains(.loginFailing))
        try await platform.live(daemon, until: aTime + 89.5 * day)
        let marks = platform.site.recorder.takeNames().filter { $0 == .loginExpiring }
        #expect(marks.count == 5, "at 30, 14, 7, 3 and 1 days")
      }
      // A start knows of the login although the platform was not asked yet.
      try await platform.site.run(reviewing: false) { daemon in
        let inventory = await daemon.context.landscape.inventory
        let status = StatusReader.read(
          await daemon.context.landscape.configuration, inventory, now: platform.site.clock.now())
        let first = try #require(status.subjects.first { $0.subject == .serviceKey("first") })
        #expect(first.state == .expiring)
        #expect(first.reason.contains("that certrotd logs in with"), "\(first.reason)")
        #expect(first.reason.hasSuffix("put a newer one in place before it does"), "\(first.reason)")
      }
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 92 * day)
        #expect(platform.site.recorder.takeNames().contains(.loginFailing), "nobody did anything about it")
        try platform.logIn(with: "secret")
        try await platform.live(daemon, until: aTime + 94 * day)
        #expect(platform.site.recorder.takeNames().contains(.loginRecovered), "the new login is used at once")
      }
    }
  }

  @Test func `a login that is a service key itself is renewed, and before the others`() async throws {
    try await PlatformSite.run { platform in
      try platform.logIn(with: "certificate")
      try configure(
        platform,
        names: [
          "a-sender": "service-instance: xsuaa-sm, preset: xsuaa",
          "login": "service-instance: service-manager-sm, preset: service-manager, validity: 120d",
        ])
      try await platform.site.run { daemon in
        let plan = await daemon.context.landscape.plan(now: aTime)
        #expect(plan.due.map(\.work) == [.tendServiceKey("login"), .tendServiceKey("a-sender")])
        try await platform.live(daemon, until: aTime + 200 * day)
        let told = platform.site.recorder.takeNames()
        #expect(!told.contains(.loginExpiring) && !told.contains(.loginFailing))
        let inventory = await daemon.context.landscape.inventory
        let login = try #require(inventory.serviceKeys["a-sender"]?.login)
        let own = try #require(try await daemon.context.ledger.currentIdentity(.serviceKey("login"))?.entry.leaf)
        #expect(login.fingerprint == own.fingerprint, "it logs in with the newest key")
        #expect(try #require(inventory.serviceKeys["a-sender"]?.identity).notAfter > aTime + 200 * day)
      }
    }
  }
}
