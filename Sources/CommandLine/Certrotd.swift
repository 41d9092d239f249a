// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Foundation
import Host

/// The command line of certrotd: one command per file in `Commands`.
package struct Certrotd: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "certrotd",
    abstract: "Keeps TLS chains, SAP service keys and keystores from lapsing.",
    discussion: """
      certrotd tracks TLS endpoints and SAP BTP service keys, and keeps PSE, PFX and PEM files fresh.
      The daemon is `certrotd run`, usually started by systemd; the other commands look at what it
      knows, whether it runs or not, and act beside it.

      EXIT CODES:
        0   all is well
        1   the command found a fault, or failed
        64  the command line is wrong
        78  the configuration has mistakes

      EXAMPLES:
        certrotd check-config
        certrotd status
        certrotd fetch my123456-api.s4hana.ondemand.com --save chain.pem
        certrotd pse show /var/lib/certrotd/keystores/xtract-client/current/client.pse
      """,
    version: Version.text,
    subcommands: [
      RunCommand.self, CheckConfigCommand.self, StatusCommand.self, ShowCommand.self, PlanCommand.self,
      FetchCommand.self, VerifyCommand.self, HistoryCommand.self, RollbackCommand.self, KeyCommand.self,
      PSECommand.self,
    ])

  package init() {}

  /// Carries out what the arguments of this process say, and ends the process with the command's exit code.
  ///
  /// Whatever the command, it may hold a key, a PIN or a password: no core file may, and no other process of the user.
  package static func start() async {
    do throws(SystemError) {
      try ProcessLimits.forbidCoreDumps()
    } catch {
      Output.complain("certrotd cannot go on: \(error)")
      exit(withError: ExitCode.fault)
    }
    let arguments = Array(ProcessInfo.processInfo.arguments.dropFirst())
    do {
      try RepeatedOptions.check(arguments)
    } catch {
      exit(withError: error)
    }
    await main(arguments)
  }
}
