// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import Journal
import Keystores
import Planning
import TestSupport
import Testing

@testable import Rotation

/// `confirm: {identity: token}`: the files that were put in force log in at the platform's token endpoint, as their
/// consumer will.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct ConfirmationTokenTests {
  private static let confirm = "{patience: 2m, identity: token}"
  /// When the key that ends after thirty days is due.
  private static let renewal = aTime + 20.5 * day

  /// Lends a platform whose first key is in force and confirmed, on the eve of its renewal.
  ///
  /// Nothing but `confirm` asks for tokens.
  private func run(_ body: @Sendable (PlatformSite, RunningSite) async throws -> Void) async throws {
    try await PlatformSite.run { platform in
      try platform.configure(verify: "none", confirm: Self.confirm)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        let told = platform.site.recorder.takeNames()
        #expect(told.suffix(3) == [.keystoreWritten, .keyRenewed, .keystoreConfirmed], "\(told)")
        #expect(try await platform.calls("token.token") == 1, "the platform was asked")
        try await platform.setClocks(Self.renewal)
        _ = platform.site.recorder.take()
        try await body(platform, daemon)
      }
    }
  }

  private func leaf(_ daemon: RunningSite) throws -> Certificate? {
    try daemon.read("sender", "cert.pfx", as: PlatformKeyLifeTests.pfx).identity?.certificate
  }

  /// New keys are not accepted for so long after their making; the ones before are.
  private func settle(after seconds: Double, _ platform: PlatformSite) async throws {
    try await platform.control(.post, "/settings", "{\"acceptance_seconds\": \(seconds)}")
  }

  private static let confirming: Set<Event> = [.keystoreConfirmed, .keystoreUnconfirmed, .keystoreRolledBack]

  @Test func `a key that the platform accepts within the patience confirms the files`() async throws {
    try await run { platform, daemon in
      let old = try leaf(daemon)
      try await settle(after: 60, platform)
      try await platform.live(daemon, until: Self.renewal + 600)
      #expect(try leaf(daemon) != old)
      #expect(platform.site.recorder.takeNames().filter(Self.confirming.contains) == [.keystoreConfirmed])
      #expect(try await daemon.currentNumber("sender") == 2)
    }
  }

  @Test func `a key that the platform refuses makes room for the one before, in the platform's words`() async throws {
    try await run { platform, daemon in
      let old = try leaf(daemon)
      try await settle(after: 100 * day, platform)
      try await platform.live(daemon, until: Self.renewal + 600)
      let told = platform.site.recorder.take()
      #expect(
        told.map(\.event).filter(Self.confirming.contains) == [.keystoreRolledBack, .keystoreConfirmed],
        "\(told.map(\.message))")
      let rolledBack = try #require(told.first { $0.event == .keystoreRolledBack })
      #expect(rolledBack.fields[.culprit] == Culprit.platform.rawValue)
      #expect(
        rolledBack.fields[.reason]
          == "generation 2 was refused: the identity: the token endpoint answered 401: invalid_client, Bad credentials")
      #expect(try await daemon.currentNumber("sender") == 1)
      #expect(try leaf(daemon) == old)
      #expect(platform.hookRuns() == 3, "for the first, the second, and the first again")
      // Beyond the overlap: what is in force is not deleted.
      try await platform.live(daemon, until: Self.renewal + 4 * day)
      #expect(try leaf(daemon) == old)
      let keys = try await platform.ours()
      #expect(keys.first?.exists == true, "\(keys)")
    }
  }

  @Test func `a platform that is away neither confirms nor undoes anything, until it is back`() async throws {
    try await run { platform, daemon in
      let old = try leaf(daemon)
      try await platform.fault("unavailable", "token.token", times: -1)
      try await platform.live(daemon, until: Self.renewal + 119)
      #expect(try leaf(daemon) != old)
      #expect(platform.site.recorder.takeNames().allSatisfy { !Self.confirming.contains($0) }, "patience")
      try await platform.live(daemon, until: Self.renewal + 3600)
      let told = platform.site.recorder.take().filter { Self.confirming.contains($0.event) }
      #expect(told.map(\.event) == [.keystoreUnconfirmed])
      #expect(told.first?.message.contains("says nothing against it") == true, "\(told.map(\.message))")
      #expect(told.first?.message.contains("the token endpoint answered 503") == true)
      #expect(try await daemon.currentNumber("sender") == 2)
      try await platform.control(.delete, "/faults")
      try await platform.live(daemon, until: Self.renewal + 2 * 3600)
      #expect(platform.site.recorder.takeNames().filter(Self.confirming.contains) == [.keystoreConfirmed])
      #expect(platform.hookRuns() == 2)
    }
  }
}
