// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Planning
import TestSupport
import Testing

@testable import Rotation

/// Service keys whose logins name one user of the platform.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct SharedLoginTests {
  @Test func `one of two passwords for a user is wrong, and only who has it fails, told once`() async throws {
    try await PlatformSite.run { platform in
      let user = platform.simulator.facts.user
      try platform.site.folder.write("wrong", bytes: "wrong".utf8)
      let entries = [("right", "password"), ("other", "wrong")].map { name, credential in
        """
          \(name):
            from:
              cloud-foundry: {api: "\(platform.simulator.facts.urls["cloud_foundry", default: ""])", service-instance: \
          it-rt-cf, preset: cloud-integration, validity: 30d, login: {user: {name: \(user.name), origin: \(user.origin), \
          password-credential: \(platform.site.folder.file(credential))}}}
            verify: token
        """
      }
      try platform.site.configure(
        "defaults: {installation: one, refetch-every: 1h, proxy: none}\nservice-keys:\n"
          + entries.joined(separator: "\n"))
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 11 * 3600)
        let told = platform.site.recorder.take()
        #expect(told.count { $0.event == .loginFailing } == 1 && !told.contains { $0.event == .loginRecovered })
        #expect(told.first { $0.event == .loginFailing }?.fields[.serviceKey] == "other")
        let inventory = await daemon.context.landscape.inventory
        #expect(
          inventory.serviceKeys["right"]?.schedule.failures == 0 && inventory.serviceKeys["right"]?.rotation == nil)
        #expect(inventory.serviceKeys["right"]?.identity != nil && inventory.serviceKeys["other"]?.identity == nil)
        try platform.site.folder.write("wrong", bytes: user.password.utf8)
        try await daemon.services.refresher.changed(platform.site.folder.file("wrong"))
        try await platform.live(daemon, until: aTime + 12 * 3600)
        #expect(platform.site.recorder.takeNames().count { $0 == .loginRecovered } == 1)
      }
    }
  }
}
