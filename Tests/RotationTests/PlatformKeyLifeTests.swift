// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTransport
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import TestSupport
import Testing

@testable import Rotation

/// Keys on the platform, from the first one to the deletion of the one that was replaced.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct PlatformKeyLifeTests {
  struct Call: Decodable { var method: String, status: Int, executed: Bool }

  @Test(arguments: ["HEAD", "GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
  func `the request that proves a key has the method of the configuration, and runs nothing unless it must`(
    method: String
  ) async throws {
    try await PlatformSite.run { platform in
      let runsFlow = method != "HEAD" && method != "GET"
      try await platform.control(.post, "/flows", "{\"path\": \"/probe\", \"csrf\": \(!runsFlow)}")
      let url = platform.simulator.facts.urls["runtime", default: ""] + "/http/probe"
      try platform.configure(verify: "{request: \"\(url)\", method: \(method)}")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        #expect(platform.site.recorder.takeNames().contains(.keyVerified))
      }
      struct Flow: Decodable {
        var calls: [Call]
        enum CodingKeys: String, CodingKey { case calls = "iflow_calls" }
      }
      let flow = try JSONDecoder().decode(Flow.self, from: await platform.control(.get, "/books?only=iflow_calls"))
      #expect(flow.calls.map(\.method) == [method] && flow.calls.map(\.status) == [200])
      #expect(flow.calls.map(\.executed) == [runsFlow], "X-CSRF-Token: Fetch is for those that only look")
    }
  }

  static let pfx = FileFormat.pfx(.init(password: SecretBytes(copying: []), profile: .modern, alias: "sender"))

  @Test(arguments: [("it-rt-cf", "cloud-integration"), ("xsuaa-sm", "xsuaa")])
  func `a key is made, renewed, and deleted after the overlap`(instance: String, preset: String) async throws {
    try await PlatformSite.run { platform in
      try platform.configure(instance: instance, preset: preset, profile: "modern")
      let site = platform.site
      try await site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let beginning = site.recorder.take()
        #expect(
          beginning.map(\.event) == [
            .started, .configurationApplied, .keyDue, .keyCreated, .keyVerified, .keystoreWritten, .keyRenewed,
          ], "\(beginning.map(\.message))")
        let first = try #require(try await platform.ours().first)
        #expect(try await platform.ours().count == 1)
        #expect(first.detailsReads == 1)
        let held = try daemon.read("sender", "cert.pfx", as: Self.pfx)
        #expect(held.identity != nil)

        // Two thirds of thirty days.
        try await platform.live(daemon, until: aTime + 21 * day)
        let keys = try await platform.ours()
        let events = site.recorder.take()
        #expect(events.map(\.event) == [.keyDue, .keyCreated, .keyVerified, .keystoreWritten, .keyRenewed])
        #expect(keys.map(\.exists) == [true, true] && keys.map(\.detailsReads) == [1, 1])
        let renewed = try daemon.read("sender", "cert.pfx", as: Self.pfx)
        #expect(renewed.identity?.certificate != held.identity?.certificate)

        try await platform.live(daemon, until: aTime + 25 * day)
        #expect(site.recorder.takeNames() == [.keyOverlapEnded, .keyDeleted])
        let after = try await platform.ours()
        #expect(after.map(\.exists) == [false, true])
        #expect(try await daemon.context.ledger.rotations().isEmpty)
        #expect(platform.hookRuns() == 2)
      }
      #expect(try await site.settle() == [.started, .configurationApplied])
    }
  }
}
