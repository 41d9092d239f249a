// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Planning

/// Watches one keystore's identity, as the program that uses it would.
struct IdentityWatch {
  let keystore: String
  /// The number of its service key; nil for a self-signed identity.
  let key: Int?
  private var leaf: Fingerprint?
  private var lapsed = false
  private var lostAt: Date?
  private var lastLookForLoss = Date.distantPast
  /// The nearest end that was told of this certificate, in seconds before it.
  private var told: TimeInterval?
  private var missed: Set<Int> = []

  init(keystore: String, key: Int?) {
    self.keystore = keystore
    self.key = key
  }

  mutating func look(
    _ inventory: Inventory, at now: Date, _ alerts: [EventTally.Alert], _ world: World,
    _ report: inout SimulationReport
  ) {
    guard let identity = inventory.keystores[keystore]?.current?.identity else { return }
    if identity.leaf != leaf { replace(by: identity, at: now, world, &report) }
    if identity.notAfter <= now, !lapsed { lapse(identity, world, &report) }
    lookForLoss(of: identity, at: now, world)
    guard identity.notAfter.timeIntervalSince(now) <= AlertJudge.widestMark else { return }
    judgeAlerts(identity, at: now, alerts, &report)
  }

  private mutating func replace(
    by identity: IdentityState, at now: Date, _ world: World, _ report: inout SimulationReport
  ) {
    if let lostAt, let key {
      let took = now.timeIntervalSince(lostAt)
      report.slowestReplacement = max(report.slowestReplacement, took)
      let answered = world.idleTimes(ofKey: key).longestPause(from: lostAt, to: now)
      // Nobody tells that a key was deleted: the next look finds out.
      if answered > 1.1 * (world.scenario.refetchEvery / .seconds(1)) + Self.timeToRenew {
        report.lateReplacements.append("\(keystore): deleted at \(lostAt), replaced at \(now)")
      }
    }
    (leaf, lapsed, lostAt, told, missed) = (identity.leaf, false, nil, nil, [])
  }

  private mutating func lapse(_ identity: IdentityState, _ world: World, _ report: inout SimulationReport) {
    lapsed = true
    let life = identity.notAfter.timeIntervalSince(identity.notBefore)
    let due = identity.notAfter - SimulatedPlatform.renewBefore * life
    let idle = key.map { world.idleTimes(ofKey: $0) } ?? world.downtimes
    let answered = idle.longestPause(from: due, to: identity.notAfter)
    report.lapses.append(
      .init(
        keystore: keystore, at: identity.notAfter, answered: answered,
        wasAvoidable: answered >= (key == nil ? hour : Self.timeToRenew)))
  }

  private mutating func lookForLoss(of identity: IdentityState, at now: Date, _ world: World) {
    guard let key, lostAt == nil, now.timeIntervalSince(lastLookForLoss) > 6 * hour else { return }
    lastLookForLoss = now
    lostAt = world.platforms[key].loss(of: identity.leaf)
  }

  private mutating func judgeAlerts(
    _ identity: IdentityState, at now: Date, _ alerts: [EventTally.Alert], _ report: inout SimulationReport
  ) {
    let name = identity.leaf.description
    for alert in alerts where alert.fingerprint == name { told = min(told ?? .infinity, alert.remaining) }
    let mark = AlertJudge.crossed(
      notBefore: identity.notBefore, notAfter: identity.notAfter, renewsOnPlatform: key != nil, at: now)
    guard let mark, told.map({ $0 > mark }) ?? true, missed.insert(Int(mark)).inserted else { return }
    report.missedAlerts.append(
      "\(keystore) ends at \(identity.notAfter), and \(now) told nobody of \(Int(mark / day)) d")
  }

  /// Seconds for which a platform has to answer: its slowest job, and the longest pause between two attempts.
  private static let timeToRenew = SimulatedPlatform.longestJob + 2 * hour
}
