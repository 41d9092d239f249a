// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Ledger
import Planning
import Rotation

/// `certrotd status`: how everything stands, at a glance.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says what breaks next and when, what failed last and why, and what happens next.",
    discussion: """
      Reads the ledger; works while the daemon runs and when it does not.

      STATES: ok, due, renewing, failing, expiring, expired, waiting, incomplete, held.

      While the configuration has mistakes, it goes by the one that the daemon accepted last, and says so
      on standard error and as configuration-mistakes in --json.

      EXIT CODES: 0 when all is well, 1 when something fails or is about to end, or the configuration has
      mistakes; 78 when it has and the daemon never accepted one.

      EXAMPLES:
        certrotd status
        certrotd status --json | jq -r '.entries[] | select(.state == "failing") | .name'
      """)

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let now = bench.context.clock.now()
    let report = StatusReport(StatusReader.read(bench.configuration, await bench.inventory(), now: now), now: now)
    try bench.show(report, as: format)
    if report.hasFault || bench.mistakes > 0 { throw ExitCode.fault }
  }
}
