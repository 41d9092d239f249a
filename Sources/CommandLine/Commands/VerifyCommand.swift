// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Ledger
import Planning
import Rotation
import Settings

/// `certrotd verify`: judges a keystore's files as they lie on disk, and tries a service key's identity.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Judges a keystore's files as they lie on disk, and tries a service key's identity.",
    discussion: HelpText.flowing(
      """
      Of a keystore, the key must fit, the chain be complete, nothing have ended, and the trust list
      alone must verify what each listed endpoint sends at this moment: what the consumer of the
      files sees. Every file is listed with its verdict; one that is damaged keeps no other from
      being judged. A service key's identity is tried as its `verify` setting says, by the running
      daemon. A name that both have verifies both.

      EXIT CODES: 0 when all is good, 1 when something is not, 69 when a service key cannot be tried
      because no daemon runs, 77 when only root and the user of the daemon may do it.

      EXAMPLES:
        certrotd verify xtract-client
        certrotd verify xtract-client --json | jq -r '.files[] | select(.good | not) | .path'
        certrotd verify cpi-sender --json
      """))

  @Argument(help: "The name of a keystore or a service key.")
  var name: String

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let keystore = bench.configuration.keystore(named: name)
    let isServiceKey = bench.configuration.serviceKey(named: name) != nil
    guard keystore != nil || isServiceKey else { throw bench.nothingToVerify(named: name) }
    var findings: KeystoreFindings?
    if let keystore {
      let verification = KeystoreVerification(context: bench.context, shelf: bench.shelf, inspector: bench.inspector)
      findings = KeystoreFindings(keystore: name, try await verification.run(keystore, in: bench.configuration))
    }
    var verdict: ServiceKeyVerdict?
    if isServiceKey {
      do {
        verdict = try await ServiceKeyVerdict(name, tried())
      } catch let failure as ToldFailure where findings != nil {
        // What was found out without the daemon is told all the same, in one document.
        verdict = ServiceKeyVerdict(name, untried: failure)
        try bench.show(VerifyReport(keystore: findings, serviceKey: verdict), as: format)
        throw failure.exitCode
      }
    }
    let report = VerifyReport(keystore: findings, serviceKey: verdict)
    try bench.show(report, as: format)
    if !report.isGood { throw ExitCode.fault }
  }

  private func tried() async throws -> ControlVerdict {
    try await DaemonCall.run(options) { client in
      try await client.call(.verify, ControlInterface.Name(name: name), giving: ControlVerdict.self)
    }
  }
}

extension Workbench {
  /// Why there is neither a keystore nor a service key `name`.
  fileprivate func nothingToVerify(named name: String) -> any Error {
    guard configuration.endpoint(named: name) == nil else {
      return ValidationError("\(name) is an endpoint: certrotd fetch verifies what a server sends")
    }
    return Refusal(
      "there is no keystore and no service key \(name) in the configuration: certrotd status lists what is")
  }
}
