// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Ledger
import Rotation

/// `certrotd verify`: judges a keystore's files as they lie on disk.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Judges a keystore's files as they lie on disk, against the endpoints as they answer now.",
    discussion: """
      The key must fit, the chain be complete, nothing have ended, and the trust list alone must
      verify what each listed endpoint sends at this moment: what the consumer of the files sees.
      Every file is listed with its verdict; one that is damaged keeps no other from being judged.

      EXIT CODES: 0 when all is good, 1 when something is not.

      EXAMPLES:
        certrotd verify xtract-client
        certrotd verify xtract-client --json | jq -r '.files[] | select(.good | not) | .path'
      """)

  @Argument(help: "The name of a keystore.")
  var name: String

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let verification = KeystoreVerification(context: bench.context, shelf: bench.shelf, inspector: bench.inspector)
    let result = try await verification.run(try bench.keystore(named: name), in: bench.configuration)
    let report = VerifyReport(keystore: name, result)
    try bench.show(report, as: format)
    if !report.good { throw ExitCode.fault }
  }
}
