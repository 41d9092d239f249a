// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Ledger
import Planning
import Rotation

/// `certrotd history`: what happened to one thing.
struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Shows what happened to an endpoint, service key or keystore, newest first.",
    discussion: HelpText.flowing(
      """
      What was removed from the configuration keeps its history.

      EXIT CODES: 0 when it was told, 1 when nothing is or was called so, or there is no ledger; 78 when
      the configuration has mistakes and the daemon never accepted one.

      EXAMPLES:
        certrotd history xtract-client
        certrotd history cpi-sender --limit 5 --json
      """))

  @Argument(help: "The name of an endpoint, service key or keystore.")
  var name: String

  @Option(help: "How many events to show at most.")
  var limit = 50

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func validate() throws {
    guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
  }

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    var report = HistoryReport()
    for named in try await bench.subjects(named: name) {
      let subject = named.subject
      if let removal = named.removal { report.add(removal) }
      report.add(subject, try await bench.context.ledger.history(subject.inLedger, limit: limit))
      if case .keystore(let keystore) = subject {
        report.add(try await bench.context.ledger.generations(keystore, limit: limit))
      }
    }
    report.keep(newest: limit)
    try bench.show(report, as: format)
  }
}
