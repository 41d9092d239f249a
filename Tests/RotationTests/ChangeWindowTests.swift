// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Keystores
import Planning
import Settings
import TestSupport
import Testing

@testable import Rotation

/// Keystores whose files may change on Sundays from 10:00 to 12:00 in Berlin; `aTime` is a Saturday, two seconds before
/// midnight in UTC.
struct ChangeWindowTests {
  private let site: Site
  private let one: Authority
  private let two: Authority
  private let server: TLSServer

  init() throws {
    site = try Site()
    (one, two) = (try Authority.one.get(), try Authority.two.get())
    server = try TLSServer(identity: try one.leaf(days: 900).served)
    try site.folder.write("anchors.pem", (one.issuing.path + two.issuing.path).pem)
    try site.folder.write("more.pem", [one.root.certificate].pem)
    try site.folder.write("hooks", "")
    try configure()
  }

  private func configure(mode: String = "0640") throws {
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("anchors.pem"))}
          timeout: 5m
          refetch-every: 12h
          proxy: none
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 40d, key-bits: 2048}}
          trust: {endpoints: [shop], bundles: [\(site.folder.file("more.pem"))]}
          overlap: 2d
          change-window: {days: sun, from: "10:00", to: "12:00", time-zone: Europe/Berlin}
          files: [{pse: {path: client.pse, mode: "\(mode)"}}]
          after-change: [[/bin/sh, -c, "echo ran >> \(site.folder.file("hooks"))"]]
      """)
  }

  /// How often the hook ran.
  private func hookRuns() throws -> Int { try site.folder.read("hooks").split(separator: "\n").count }

  /// Sunday, 2026-03-01 at 10:00 in Berlin.
  private static let opening = aTime + 2 + 9 * 3600

  private func status(_ daemon: RunningSite) async throws -> SubjectStatus {
    let landscape = daemon.context.landscape
    return try #require(
      StatusReader.read(await landscape.configuration, await landscape.inventory, now: site.clock.now()).subjects.last)
  }

  private func settle(_ daemon: RunningSite, at time: Date) async throws -> [Event] {
    site.clock.set(time)
    try await daemon.settle()
    return site.recorder.takeNames().filter { $0 != .certificateExpiring }
  }

  @Test func `a change outside the window is written when it opens, and its hook runs then`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1, "the first generation does not wait")
      #expect(try hookRuns() == 1)
      _ = site.recorder.take()
      try site.folder.write("more.pem", [one.root.certificate, try Authority("Three").root.certificate].pem)
      try await daemon.services.refresher.changed(site.folder.file("more.pem"))
      #expect(try await settle(daemon, at: aTime + 60) == [])
      let waiting = try await status(daemon)
      #expect(waiting.state == .waiting && waiting.nextAttempt == Self.opening)
      #expect(waiting.reason.hasSuffix("opens at 2026-03-01 10:00 Europe/Berlin (2026-03-01 09:00:00Z)"))
      #expect(await daemon.context.landscape.plan(now: site.clock.now()).next.map { $0 <= Self.opening } == true)
      #expect(try await settle(daemon, at: Self.opening - 1) == [])
      #expect(try hookRuns() == 1)
      #expect(try await settle(daemon, at: Self.opening) == [.keystoreWritten])
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try hookRuns() == 2)
      #expect(try await status(daemon).state == .ok)
    }
  }

  @Test func `a chain that the trust list lacks is written at once, and what it replaced leaves in a window`()
    async throws
  {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try server.setIdentity(two.leaf(days: 900).served)
      #expect(try await settle(daemon, at: aTime + day) == [.endpointChainChanged, .keystoreWritten])
      #expect(try Set(daemon.read("client", "client.pse").trust).isSuperset(of: two.issuing.path))
      // Three days later the overlap is over, and the old issuer leaves on the Sunday after.
      for days in 2...7 { #expect(try await settle(daemon, at: aTime + Double(days) * day) == []) }
      #expect(try await status(daemon).state == .waiting)
      #expect(try Set(daemon.read("client", "client.pse").trust).contains(one.issuing.certificate))
      #expect(try await settle(daemon, at: Self.opening + 7 * day) == [.keystoreWritten])
      #expect(try !Set(daemon.read("client", "client.pse").trust).contains(one.issuing.certificate))
    }
  }

  @Test func `in the last tenth the window is ignored, and that is told once`() async throws {
    try await site.settle()
    // The host was off until four days before the end, on a Monday.
    site.clock.set(aTime + 36.5 * day)
    try await site.run { daemon in
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(
        told.map(\.event).filter { $0.rawValue.hasPrefix("keystore") || $0 == .identityRenewed } == [
          .identityRenewed, .keystoreWritten, .keystoreWindowIgnored,
        ])
      let ignored = try #require(told.first { $0.event == .keystoreWindowIgnored })
      #expect(ignored.fields[.generation] == "2" && ignored.fields[.keystore] == "client")
      #expect(try hookRuns() == 2)
      #expect(try await settle(daemon, at: aTime + 37 * day) == [])
    }
  }

  @Test func `a renewed identity waits for its window, also over a restart, and nothing is ignored`() async throws {
    try await site.settle()
    // Due after two thirds of forty days; on the Sunday after clocks are put forward.
    site.clock.set(aTime + 27 * day)
    #expect(try await site.settle().contains(.identityRenewed))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(try await status(daemon).window != nil)
      _ = site.recorder.take()
      #expect(try await settle(daemon, at: Self.opening + 28 * day - 3601) == [])
      #expect(try await settle(daemon, at: Self.opening + 28 * day - 3600) == [.keystoreWritten])
    }
  }

  @Test func `a rollback by hand waits for no window`() async throws {
    try await site.settle()
    site.clock.set(Self.opening)
    try configure(mode: "0600")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2)
      site.clock.set(Self.opening + day)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: daemon.context.files)
      #expect(try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: nil).inForce == 1)
    }
  }
}
