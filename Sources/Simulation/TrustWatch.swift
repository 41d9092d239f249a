// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import Planning

/// Watches whether trust lists follow the servers that go to another root.
struct TrustWatch {
  private let world: World
  private let moves: [(at: Date, server: Int)]
  private var next = 0
  /// Servers that their keystore does not trust, with how long they answered meanwhile.
  private var waiting: [Int: (since: Date, answered: TimeInterval)] = [:]
  private var lastLook: Date

  init(_ world: World) {
    self.world = world
    moves = world.servers.moves
    lastLook = world.scenario.start
  }

  mutating func look(_ inventory: Inventory, at now: Date, _ report: inout SimulationReport) {
    while next < moves.count, moves[next].at <= now {
      if waiting[moves[next].server] == nil { waiting[moves[next].server] = (moves[next].at, 0) }
      next += 1
    }
    let passed = now.timeIntervalSince(lastLook)
    let wasRunning = world.downtimes.span(at: lastLook) == nil
    for (server, wait) in waiting {
      let keystore = "group-\(world.scenario.group(ofEndpoint: server))"
      let root = world.servers.root(of: server, at: now).fingerprint
      if inventory.keystores[keystore]?.current?.content.trust.contains(root) == true {
        waiting[server] = nil
        report.slowestTrust = max(report.slowestTrust, wait.answered)
        // Nobody tells that a server has changed: the next look finds out, or the next but one after an outage.
        if wait.answered > 1.1 * (world.scenario.refetchEvery / .seconds(1)) + 3 * hour {
          report.lateTrust.append("\(keystore): server \(server) changed at \(wait.since), followed at \(now)")
        }
      } else if wasRunning, world.servers.isReachable(server, at: now), world.servers.isReachable(server, at: lastLook)
      {
        waiting[server]?.answered += passed
      }
    }
    lastLook = now
  }
}
