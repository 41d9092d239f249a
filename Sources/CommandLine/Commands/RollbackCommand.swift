// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Ledger
import Rotation

/// `certrotd rollback`: brings an earlier generation back.
struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Brings an earlier generation of a keystore back.",
    discussion: """
      The files of the earlier generation are put in place, its hooks run, and the content that was
      withdrawn is not written again unchanged. A running daemon notices within ten seconds. Files
      whose password or PIN has changed since are made anew with the one of now.

      EXIT CODES: 0 when the generation is in force, 1 when it cannot be and nothing was changed; 78 when
      the configuration has mistakes and the daemon never accepted one.

      EXAMPLES:
        certrotd rollback xtract-client
        certrotd rollback xtract-client 12
      """)

  @Argument(help: "The name of a keystore.")
  var name: String

  @Argument(help: "The number of the generation; the one before the current unless named.")
  var generation: Int?

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readWrite, by: .inForce)
    defer { bench.close() }
    let (wanted, number) = try await Rollback(context: bench.context, shelf: bench.shelf)
      .run(try bench.keystore(named: name), to: generation)
    try bench.show(RollbackReport(keystore: name, wanted: wanted, generation: number), as: format)
  }
}
