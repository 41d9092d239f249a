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
    discussion: HelpText.flowing(
      """
      Reads the ledger; works while the daemon runs and when it does not.

      STATES: ok, due, renewing, failing, expiring, expired, waiting, incomplete, held.

      While the configuration has mistakes, it goes by the one that the daemon accepted last, and says so
      on standard error and as configuration-mistakes in --json.

      Without a running daemon nothing is fetched, renewed or told. It says so first of all, and as daemon
      in --json, which is running, stopped or unknown; overdue lists what should have been done since.

      EXIT CODES: 0 when all is well; 1 when something fails or is about to end, when a keystore waits
      while its files are in use, when the configuration has mistakes, and without a daemon also when
      something waits or is overdue by more than a tenth of the longest refetch-every; 78 when the
      configuration has mistakes and the daemon never accepted one.

      EXAMPLES:
        certrotd status
        certrotd status --json | jq -r '.entries[] | select(.state == "failing") | .name'
      """))

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let now = bench.context.clock.now()
    let inventory = await bench.inventory()
    let status = StatusReader.read(bench.configuration, inventory, now: now)
    let report = StatusReport(
      status, now: now, daemon: .look(options.layout),
      overdue: StatusReport.Overdue.of(status.plan.overdue(bench.configuration, now: now), inventory.hooks))
    try bench.show(report, as: format)
    if report.hasFault || bench.mistakes > 0 { throw ExitCode.fault }
  }
}
