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
    discussion: """
      EXAMPLES:
        certrotd history xtract-client
        certrotd history cpi-sender --limit 5 --json
      """)

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
    let bench = try await Workbench.open(options, access: .readOnly)
    defer { bench.close() }
    var report = HistoryReport()
    for subject in try bench.subjects(named: name) {
      report.add(subject, try await bench.context.ledger.history(subject.inLedger, limit: limit))
      if case .keystore(let keystore) = subject {
        report.add(try await bench.context.ledger.generations(keystore, limit: limit))
      }
    }
    try Output.show(report, as: format)
  }
}
