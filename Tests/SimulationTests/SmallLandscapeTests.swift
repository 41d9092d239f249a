// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Simulation

/// Some weeks of a small landscape; `scripts/simulate` lives for years in a large one.
struct SmallLandscapeTests {
  @Test func `a small landscape lives through its weeks, and twice the same way`() async throws {
    let scenario = Scenario(
      years: 0.1, endpoints: 7, keys: 3, seed: 3, refetchEvery: .seconds(86_400), step: .seconds(1800))
    let first = try await report(scenario)
    #expect(first.faults.isEmpty, "\(first.text)")
    #expect(first.probes >= 7 * 30 && first.keysMade >= 10 && first.generations >= first.keysMade, "\(first.text)")
    #expect(first.events["keystore.written"] == first.generations, "\(first.text)")
    #expect(first.starts > 1, "\(first.text)")
    #expect(try await report(scenario).text == first.text)
  }

  private func report(_ scenario: Scenario) async throws -> SimulationReport {
    let folder = try TemporaryFolder()
    var simulation = try Simulation(scenario, in: folder.path)
    return try await simulation.run()
  }
}
