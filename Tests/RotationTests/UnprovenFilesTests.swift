// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTransport
import Host
import Journal
import Keystores
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Planning
@testable import Rotation

/// The old key stays on the platform until nobody may have to go back to it.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct UnprovenFilesTests {
  /// When the key that ends after thirty days is due.
  private static let renewal = aTime + 20.5 * day

  private func leaf(_ daemon: RunningSite) throws -> Certificate? {
    try daemon.read("sender", "cert.pfx", as: PlatformKeyLifeTests.pfx).identity?.certificate
  }

  private func deletions(_ daemon: RunningSite) async throws -> [KeyDeletion] {
    let (configuration, inventory) = await (daemon.context.landscape.configuration, daemon.context.landscape.inventory)
    let settings = try #require(configuration.serviceKeys.first)
    let state = try #require(inventory.serviceKeys[settings.name])
    return KeyDeletion.expected(settings, state, configuration, inventory, now: daemon.context.clock.now())
  }

  private func present(_ platform: PlatformSite) async throws -> [Bool] { try await platform.ours().map(\.exists) }

  @Test func `a hook that fails keeps the old key beyond the overlap, and lets it go when it succeeds`() async throws {
    try await PlatformSite.run { platform in
      let service = platform.site.folder.file("service-is-up")
      try platform.site.folder.write("service-is-up", "")
      try platform.configure(hook: "test -e \(service)")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        try FileManager.default.removeItem(atPath: service.string)
        try await platform.setClocks(Self.renewal)
        try await platform.live(daemon, until: Self.renewal + 4 * day)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.keyRenewed) && told.contains(.hookFailed) && !told.contains(.keyOverlapEnded), "\(told)")
        #expect(try await present(platform) == [true, true], "the programs may still have the old one loaded")
        let why = try await deletions(daemon).map(\.why)
        #expect(why.count == 1 && why.allSatisfy { $0.contains("a hook has not succeeded") }, "\(why)")
        try platform.site.folder.write("service-is-up", "")
        try await platform.live(daemon, until: Self.renewal + 4 * day + 2 * 3600)
        #expect(platform.site.recorder.takeNames().suffix(2) == [.keyOverlapEnded, .keyDeleted])
        #expect(try await present(platform) == [false, true])
      }
    }
  }

  @Test func `an old key whose certificate has ended helps nobody and goes`() async throws {
    try await PlatformSite.run { platform in
      let service = platform.site.folder.file("service-is-up")
      try platform.site.folder.write("service-is-up", "")
      try platform.configure(hook: "test -e \(service)")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        try FileManager.default.removeItem(atPath: service.string)
        try await platform.setClocks(Self.renewal)
        try await platform.live(daemon, until: aTime + 31 * day)
        #expect(try await present(platform) == [false, true])
      }
    }
  }

  @Test func `files that are refused after an overlap shorter than the patience find the key that they need`()
    async throws
  {
    try await PlatformSite.run { platform in
      try platform.configure(verify: "none", more: "overlap: 1m", confirm: "{patience: 30m, identity: token}")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        let old = try leaf(daemon)
        try await platform.setClocks(Self.renewal)
        try await platform.control(.post, "/settings", "{\"acceptance_seconds\": \(100 * day)}")
        try await platform.live(daemon, until: Self.renewal + 2 * 3600)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.keystoreRolledBack) && !told.contains(.keyDeleted), "\(told)")
        #expect(try leaf(daemon) == old)
        #expect(try await present(platform).first == true)
      }
    }
  }

  @Test func `a deletion that is under way already is waited for in seconds, since nothing works meanwhile`()
    async throws
  {
    try await PlatformSite.run { platform in
      try platform.configure(instance: "theming-cf", preset: "xsuaa-reuse", more: "replace: delete-first")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        _ = platform.site.recorder.take()
        try await platform.setClocks(Self.renewal)
        try await platform.fault("busy", "cf.keys.delete")
        try await platform.live(daemon, until: Self.renewal + 30)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.keyDeleted) && told.contains(.keyRenewed), "\(told)")
        #expect(!told.contains(.keyRenewalFailing) && !told.contains(.keyAttemptFailed), "\(told)")
      }
    }
  }

  @Test func `fields that the key does not have are the configuration's fault, and cost no further keys`() async throws
  {
    try await PlatformSite.run { platform in
      try platform.configure(more: "fields: {certificate: nowhere.cert, key: nowhere.key}")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 12 * 3600)
        let failing = try #require(platform.site.recorder.take(.keyRenewalFailing).first)
        #expect(failing.fields[.culprit] == Culprit.configuration.rawValue)
        #expect(failing.message.contains("correct 'fields'"), "\(failing.message)")
        #expect(try await present(platform) == [true])
        try platform.configure()
        try await daemon.services.keeper.reload()
        try await platform.live(daemon, until: aTime + 14 * 3600)
        #expect(try await present(platform) == [true], "what was read is examined again")
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
      }
    }
  }
}
