// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Host
import Ledger
import Planning
import Rotation

/// `certrotd plan`: what will be renewed when, and why.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says what will be renewed when, and why.",
    discussion: HelpText.flowing(
      """
      EXIT CODES: 0 when it was told, 1 when there is no ledger; 78 when the configuration has mistakes
      and the daemon never accepted one.

      EXAMPLES:
        certrotd plan
        certrotd plan --days 400 --json
      """))

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  @Option(help: "How many days to look ahead.")
  var days = 30

  func validate() throws {
    guard (1...36_500).contains(days) else { throw ValidationError("--days takes a number from 1 to 36500") }
  }

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let now = bench.context.clock.now()
    let entries = Planner.forecast(
      bench.configuration, await bench.inventory(), now: now, until: now.addingTimeInterval(Double(days) * 86_400))
    try bench.show(PlanReport(entries, now: now, days: days), as: format)
  }
}
