// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Delivery
import Ledger
import Rotation

/// `certrotd rollback`: brings an earlier generation back.
struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Brings an earlier generation of a keystore back.",
    discussion: HelpText.flowing(
      """
      The files of the earlier generation are put in place, its hooks run, and the content that was
      withdrawn is not written again unchanged. A running daemon notices within ten seconds. Files
      whose password or PIN has changed since are made anew with the one of now. Without a number, an
      earlier generation whose files are damaged or whose identity has ended is passed over, and the
      report says so. With its number, the latter is put in force all the same. The report warns of an
      identity that has ended, and of an endpoint that the trust list does not verify any more.

      EXIT CODES: 0 when the generation is in force, 1 when it cannot be and nothing was changed; 78 when
      the configuration has mistakes and the daemon never accepted one.

      EXAMPLES:
        certrotd rollback xtract-client
        certrotd rollback xtract-client 12
      """))

  @Argument(help: "The name of a keystore.")
  var name: String

  @Argument(help: "The number of the generation; the newest usable one before the current unless named.")
  var generation: Int?

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readWrite, by: .inForce)
    defer { bench.close() }
    let keystore = try bench.keystore(named: name)
    do {
      let done = try await Rollback(context: bench.context, shelf: bench.shelf).run(keystore, to: generation)
      try bench.show(
        RollbackReport(
          keystore: name, wanted: done.wanted, generation: done.inForce, previous: done.previous,
          skipped: done.skipped.map { .init(generation: $0.generation, reason: $0.reason) }, warnings: done.warnings),
        as: format)
    } catch let error as DeliveryError {
      throw Refusal("\(error); certrotd history \(name) lists all generations")
    }
  }
}
