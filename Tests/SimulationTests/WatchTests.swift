// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import Planning
import Testing

@testable import Simulation

/// What an observer finds fault with: a simulation that reports nothing has to have looked.
struct WatchTests {
  private let world: World
  private var start: Date { world.scenario.start }

  init() throws { world = try World(Scenario(years: 2, endpoints: 5, keys: 1, seed: 1)) }

  @Test func `an identity that ends while its platform answers is an avoidable lapse`() throws {
    var report = SimulationReport()
    var watch = IdentityWatch(keystore: "key-0", key: 0)
    let quiet = try #require(quietWeek)
    let identity = identity(from: quiet - day, to: quiet + 6 * day)
    for at in [quiet, quiet + 6 * day + 1, quiet + 7 * day] {
      watch.look(inventory(identity), at: at, [], world, &report)
    }
    #expect(report.lapses.map(\.keystore) == ["key-0"])
    #expect(report.avoidableLapses.count == 1 && report.faults.contains { $0.hasPrefix("key-0 lapsed") })
  }

  @Test func `an identity whose platform was away from due to lapse could not be saved`() throws {
    var report = SimulationReport()
    var watch = IdentityWatch(keystore: "key-0", key: 0)
    let outage = try #require(world.platformTroubles[0].spans.first { $0.upperBound > $0.lowerBound + 4 * day })
    let identity = identity(from: outage.lowerBound - 6 * day, to: outage.lowerBound + 3 * day)
    watch.look(inventory(identity), at: identity.notAfter, [], world, &report)
    #expect(report.lapses.count == 1 && report.avoidableLapses.isEmpty)
  }

  @Test(
    arguments: [
      (nil, 1), (100 * hour, 1), (20 * hour, 0),
    ] as [(TimeInterval?, Int)])
  func `an end that nobody told of is a missed alert`(told: TimeInterval?, missed: Int) {
    var report = SimulationReport()
    var watch = IdentityWatch(keystore: "group-0", key: nil)
    let identity = identity(from: start, to: start + 100 * day)
    let alerts = told.map {
      [
        EventTally.Alert(
          at: identity.notAfter - $0, fingerprint: identity.leaf.description, remaining: $0, message: "it ends")
      ]
    }
    watch.look(inventory(identity, in: "group-0"), at: identity.notAfter - 23 * hour, alerts ?? [], world, &report)
    #expect(report.missedAlerts.count == missed)
  }

  @Test func `a trust list that does not follow its server is late`() throws {
    var report = SimulationReport()
    let move = try #require(moves(of: world).first)
    var trust = TrustWatch(world)
    let group = "group-\(world.scenario.group(ofEndpoint: move.server))"
    var time = world.scenario.start
    while time < move.at + 60 * day {
      trust.look(Inventory(installation: 1), at: time, &report)
      time += 6 * hour
    }
    var state = KeystoreState()
    state.current = GenerationState(
      number: 2,
      content: GenerationContent(
        recipe: "", identityLeaf: nil, trust: [world.servers.root(of: move.server, at: time).fingerprint]))
    trust.look(Inventory(installation: 1, keystores: [group: state]), at: time, &report)
    #expect(report.lateTrust.contains { $0.hasPrefix("\(group): server \(move.server)") })
    #expect(report.slowestTrust > 10 * day)
  }

  private func moves(of world: World) -> [(at: Date, server: Int)] {
    world.servers.moves.filter { $0.at > world.scenario.start && $0.at < world.scenario.end - 61 * day }
  }

  /// The beginning of a week in which the first platform always answers.
  private var quietWeek: Date? {
    stride(from: 0, to: 600 * day, by: day).map { start + $0 }.first {
      world.idleTimes(ofKey: 0).longestPause(from: $0, to: $0 + 7 * day) == 7 * day
    }
  }

  private func identity(from: Date, to: Date) -> IdentityState {
    IdentityState(leaf: world.authorities.roots[0].fingerprint, notBefore: from, notAfter: to)
  }

  private func inventory(_ identity: IdentityState, in keystore: String = "key-0") -> Inventory {
    var state = KeystoreState()
    state.current = GenerationState(
      number: 1, content: GenerationContent(recipe: "", identityLeaf: identity.leaf, trust: []), identity: identity)
    return Inventory(installation: 1, keystores: [keystore: state])
  }
}
