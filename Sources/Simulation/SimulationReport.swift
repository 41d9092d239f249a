// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What came of a simulation.
package struct SimulationReport: Sendable, Codable {
  /// What stopped working at its end.
  package struct Lapse: Sendable, Codable {
    var keystore: String
    var at: Date
    /// The longest time, in seconds, for which the platform answered between due and lapse.
    var answered: Double
    var wasAvoidable: Bool
  }

  package var years = 0.0
  package var endpoints = 0
  package var keys = 0
  package var seed: UInt64 = 0
  package var probes = 0
  package var starts = 0
  package var crashes = 0
  package var lapses: [Lapse] = []
  /// Keys that somebody deleted while they were in force.
  package var losses = 0
  /// Of those, how long the slowest replacement took, in seconds, and which took longer than they had to.
  package var slowestReplacement = 0.0
  package var lateReplacements: [String] = []
  /// Servers that went to another root.
  package var moves = 0
  /// How long the slowest trust list took to follow a server that answered, in seconds, and which took longer than they had to.
  package var slowestTrust = 0.0
  package var lateTrust: [String] = []
  package var keysMade = 0
  package var generations = 0
  /// Keys made while another one was good, generations that changed nothing, and credentials read twice.
  package var needless: [String] = []
  /// Keys that the platform has and the ledger does not know, or the other way round, at the end.
  package var disagreements: [String] = []
  /// How often each kind of work was begun.
  package var works: [String: Int] = [:]
  package var events: [String: Int] = [:]
  package var missedAlerts: [String] = []
  package var falseAlerts: [String] = []
  /// The most that was due at one time.
  package var largestBacklog = 0

  package var avoidableLapses: [Lapse] { lapses.filter(\.wasAvoidable) }

  /// Everything that must not be.
  package var faults: [String] {
    avoidableLapses.map { "\($0.keystore) lapsed at \($0.at) though the platform answered for \(Int($0.answered)) s" }
      + lateReplacements + lateTrust + needless + disagreements + missedAlerts + falseAlerts
  }

  package var text: String {
    let list = { (counts: [String: Int]) in
      counts.sorted { $0.key < $1.key }.map { "  \($0.key)  \($0.value)" }.joined(separator: "\n")
    }
    let shown = faults.prefix(20).map { "FAULT: \($0)" }.joined(separator: "\n")
    return """
      \(years) years, \(endpoints) endpoints, \(keys) service keys, seed \(seed)
      daemon                   \(starts) starts, \(crashes) of them after it died in the middle of something
      probes                   \(probes), \(moves) servers went to another root
      trust lists              slowest to follow a server that answered \(Self.span(slowestTrust)), \(lateTrust.count) late
      service keys             \(keysMade) made, \(losses) deleted by somebody while in force
      deleted keys             slowest replacement \(Self.span(slowestReplacement)), \(lateReplacements.count) late
      generations              \(generations)
      lapses                   \(lapses.count), avoidable \(avoidableLapses.count)
      unnecessary              \(needless.count)
      ledger and platform      \(disagreements.count) disagreements at the end
      alerts                   \(missedAlerts.count) missed, \(falseAlerts.count) false
      largest backlog          \(largestBacklog)
      work
      \(list(works))
      events
      \(list(events))
      \(shown)
      """
  }

  private static func span(_ seconds: Double) -> String {
    seconds < 2 * day ? "\(Int(seconds / hour)) h" : "\(Int(seconds / day)) d"
  }
}
