// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What is simulated: how much of it, for how long, and which of all possible worlds.
package struct Scenario: Sendable {
  package var years: Double
  package var endpoints: Int
  /// Service keys, each with a keystore of its own.
  package var keys: Int
  /// The same seed gives the same world.
  package var seed: UInt64
  package var refetchEvery: Duration
  /// By how much time moves on at the least; what becomes due meanwhile is done together, as after a short sleep.
  package var step: Duration

  package init(
    years: Double, endpoints: Int, keys: Int, seed: UInt64, refetchEvery: Duration = .seconds(5 * 86_400),
    step: Duration = .seconds(600)
  ) {
    self.years = years
    self.endpoints = endpoints
    self.keys = keys
    self.seed = seed
    self.refetchEvery = refetchEvery
    self.step = step
  }

  /// 2026-01-01 00:00 UTC, when nothing is known yet.
  package var start: Date { Date(timeIntervalSince1970: 1_767_225_600) }

  package var end: Date { start + years * Self.year }

  /// Self-signed keystores, each beside a group of endpoints.
  var selfSigned: Int { min(20, groups) }

  /// Keystores that trust a few endpoints each.
  var groups: Int { (endpoints + Self.groupSize - 1) / Self.groupSize }

  /// The endpoints that a keystore of a group trusts.
  func endpoints(ofGroup group: Int) -> Range<Int> {
    group * Self.groupSize..<min(endpoints, (group + 1) * Self.groupSize)
  }

  func group(ofEndpoint endpoint: Int) -> Int { endpoint / Self.groupSize }

  /// In days: from a week, which leaves little time for an outage, to the longest that the platform gives.
  func lifetime(ofKey key: Int) -> Double { key % 20 == 0 ? 7 : [30, 60, 90, 180, 365][key % 5] }

  /// In days: the longer a key lives the longer its users have to follow, and the more seldom somebody has to look whether
  /// another installation has renewed it.
  func overlap(ofKey key: Int) -> Double { lifetime(ofKey: key) / 7 }

  var platforms: Int { 4 }

  private static let groupSize = 5
  /// Seconds.
  static let year: TimeInterval = 365.25 * 86_400
}

/// Seconds.
let day: TimeInterval = 86_400
let hour: TimeInterval = 3600
