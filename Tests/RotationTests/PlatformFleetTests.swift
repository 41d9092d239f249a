// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Ledger
import Planning
import TestSupport
import Testing

@testable import Rotation

/// The whole daemon with many service keys, against a platform of which one call in five goes wrong.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct PlatformFleetTests {
  /// Some keys of a hundred for some days of two years; with `CERTROTD_FULL_FLEET=1` all of them for all that time, which
  /// takes most of an hour.
  private static let isFull = ProcessInfo.processInfo.environment["CERTROTD_FULL_FLEET"] != nil
  private static let size = isFull ? 100 : 8
  private static let days = isFull ? 730.0 : 16
  /// In days, from one to 365.
  private static let lifetimes = (0..<size).map { 1 + 364 * $0 / (size - 1) }

  @Test func `keys go on through the storm, and the platform ends with those that the ledger knows`() async throws {
    try await PlatformSite.run(["--seed", "7"]) { platform in
      try configure(platform)
      try await platform.site.run { daemon in
        // The first keys are made in good weather, since nothing is there yet that could lapse.
        try await platform.live(daemon, until: aTime + 3600)
        try await platform.control(.post, "/faults", "{\"rate\":0.2,\"seed\":7}")
        var lapsed: Set<String> = []
        try await platform.live(daemon, until: aTime + Self.days * day, atMost: 400_000) {
          let now = platform.site.clock.now()
          for (name, state) in await daemon.context.landscape.inventory.keystores
          where (state.current?.identity?.notAfter ?? .distantPast) <= now {
            lapsed.insert("\(name) at \(now)")
          }
          return false
        }
        #expect(lapsed.isEmpty)
        try await expectStorm(platform)
        try await platform.control(.delete, "/faults")
        // Longer than until the next look at the keys on the platform.
        try await platform.live(daemon, until: platform.site.clock.now() + 8 * day, atMost: 40_000)
        try await compare(platform, daemon)
      }
    }
  }

  private func configure(_ platform: PlatformSite) throws {
    let user = platform.simulator.facts.user
    let api = platform.simulator.facts.urls["cloud_foundry", default: ""]
    let foundry = """
      cloud-foundry: {api: "\(api)", service-instance: it-rt-cf, login: {user: {name: \(user.name), \
      password-credential: \(platform.site.folder.file("password")), origin: \(user.origin)}}
      """
    let manager = """
      service-manager: {binding-file: \(platform.site.folder.file("manager")), service-instance: it-rt-sm
      """
    var keys: [String] = []
    var keystores: [String] = []
    for (number, lifetime) in Self.lifetimes.enumerated() {
      let source = number.isMultiple(of: 2) ? foundry : manager
      keys.append(
        """
          key-\(number):
            from: {\(source), preset: cloud-integration, validity: \(lifetime)d}}
            verify: token
            renew-before: \(number == 3 ? "90%" : "33%")
            overlap: \(lifetime < 5 ? "6h" : "2d")
        """)
      keystores.append(
        """
          key-\(number):
            identity: {service-key: key-\(number)}
            files: [{pem: {certificate: cert.pem, key: key.pem}}]
        """)
    }
    try platform.site.configure(
      """
      defaults: {installation: one, refetch-every: 5d, proxy: none}
      service-keys:
      \(keys.joined(separator: "\n"))
      keystores:
      \(keystores.joined(separator: "\n"))
      """)
  }

  /// The books of the platform and the ledger name the same keys, and no credentials were read twice.
  private func compare(_ platform: PlatformSite, _ daemon: RunningSite) async throws {
    var known: Set<String> = []
    for number in 0..<Self.size {
      let keys = try await daemon.context.ledger.platformKeys(of: "key-\(number)")
      #expect(keys.count { $0.state == .inForce } == 1, "key-\(number)")
      known.formUnion(keys.filter { $0.state != .deleted }.map(\.guid))
    }
    let ours = try await platform.ours()
    #expect(Set(ours.filter(\.exists).map(\.guid)) == known)
    // A read whose answer was lost does not count.
    #expect((ours.map(\.detailsReads).max() ?? 0) == 1)
    let least = Self.lifetimes.map { Int(Self.days) / $0 }.reduce(Self.size, +)
    #expect(ours.count >= least, "\(ours.count) keys were made")
  }

  /// As many calls failed as was asked for, beside those that cannot, such as to learn the addresses.
  private func expectStorm(_ platform: PlatformSite) async throws {
    let books = try #require(
      try JSONSerialization.jsonObject(with: await platform.control(.get, "/books?only=calls,faults"))
        as? [String: Any])
    let calls = try #require(books["calls"] as? [String: Int]).values.reduce(0, +)
    let faults = try #require(books["faults"] as? [Any]).count
    #expect(faults * 7 > calls, "\(faults) of \(calls) calls failed")
    if Self.isFull {
      let made = try await platform.ours().count
      Attachment.record("\(made) keys made, \(calls) calls, \(faults) of them failed\n", named: "fleet.txt")
    }
  }
}
