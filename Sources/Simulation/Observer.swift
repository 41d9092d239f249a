// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Planning
import ServiceKeys

/// Watches from outside whether everything works: what the consumers of the files would notice.
struct Observer {
  private let world: World
  private let scenario: Scenario
  private var identities: [IdentityWatch]
  private var trust: TrustWatch
  private var lastContent: [String: (number: Int, content: GenerationContent)] = [:]
  private var report: SimulationReport

  init(_ world: World) {
    self.world = world
    scenario = world.scenario
    identities =
      (0..<scenario.keys).map { IdentityWatch(keystore: "key-\($0)", key: $0) }
      + (0..<scenario.selfSigned).map { IdentityWatch(keystore: "group-\($0)", key: nil) }
    trust = TrustWatch(world)
    report = SimulationReport()
    (report.years, report.endpoints, report.keys) = (scenario.years, scenario.endpoints, scenario.keys)
    report.seed = scenario.seed
  }

  mutating func noteStart(afterCrash: Bool) {
    report.starts += 1
    if afterCrash { report.crashes += 1 }
  }

  mutating func noteBacklog(_ count: Int) { report.largestBacklog = max(report.largestBacklog, count) }

  mutating func noteWork(_ work: Work) {
    let name = "\(work)".prefix { $0 != "(" }
    report.works[String(name), default: 0] += 1
  }

  /// Looks at everything while nothing is under way.
  mutating func look(_ inventory: Inventory, _ alerts: [EventTally.Alert]) {
    let now = world.clock.now()
    for (name, state) in inventory.keystores {
      guard let current = state.current, lastContent[name]?.number != current.number else { continue }
      report.generations += 1
      if let last = lastContent[name], last.content == current.content {
        report.needless.append("generation \(current.number) of \(name) is as the one before, \(now)")
      }
      lastContent[name] = (current.number, current.content)
    }
    for index in identities.indices {
      identities[index].look(inventory, at: now, alerts, world, &report)
    }
    trust.look(inventory, at: now, &report)
    let oldest = AlertJudge.widestMark + 2 * hour
    for alert in alerts where alert.remaining > oldest {
      report.falseAlerts.append("\(alert.message) at \(alert.at)")
    }
  }

  /// What is left to say at the end, with what the ledger knows of the keys of each service key.
  func finish(_ events: [String: Int], knownKeys: [String: Set<String>]) -> SimulationReport {
    var report = report
    report.events = events
    report.probes = world.servers.probeCount
    report.moves = world.servers.moves.count
    for platform in world.platforms {
      report.losses += platform.losses
      report.needless += platform.needless
      let held = platform.held
      report.needless += held.filter { $0.reads > 1 }.map {
        "the credentials of \($0.key.name) were read \($0.reads) times"
      }
      let there = Set(held.filter(\.exists).map(\.key.guid))
      let known = knownKeys[platform.name] ?? []
      if there != known {
        report.disagreements.append("\(platform.name): there \(there.sorted()), known \(known.sorted())")
      }
    }
    report.keysMade = events["key.created"] ?? 0
    return report
  }
}
