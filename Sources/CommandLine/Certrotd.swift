// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Foundation
import Host

/// The command line of certrotd: one command per file in `Commands`.
package struct Certrotd: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "certrotd",
    abstract: "Keeps TLS chains, SAP service keys and keystores from lapsing.",
    discussion: HelpText.flowing(
      """
      certrotd tracks TLS endpoints and SAP BTP service keys, and keeps PSE, PFX and PEM files fresh.
      The daemon is `certrotd run`, usually started by systemd; the other commands look at what it
      knows, whether it runs or not, and act beside it.

      EXIT CODES:
        0   all is well
        1   the command found a fault, or failed
        64  the command line is wrong
        69  no daemon runs that could be asked
        75  it is not finished yet, and the daemon goes on
        77  only root and the user of the daemon may do it
        78  the configuration has mistakes

      ERRORS: They go to standard error. A command that was called with --json prints one object on
      standard output in place of its report: `error` is the sentence, `exit-code` the exit code, and
      `mistakes` those of the configuration where they are the cause.

      EXAMPLES:
        certrotd check-config
        certrotd status
        certrotd renew cpi-sender --now
        certrotd fetch my123456-api.s4hana.ondemand.com --save chain.pem
        certrotd pse show /var/lib/certrotd/keystores/xtract-client/current/client.pse
      """),
    version: Version.text,
    subcommands: [
      RunCommand.self, CheckConfigCommand.self, StatusCommand.self, ShowCommand.self, PlanCommand.self,
      FetchCommand.self, RenewCommand.self, VerifyCommand.self, HistoryCommand.self, RollbackCommand.self,
      KeyCommand.self, PSECommand.self,
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
      try await run(arguments)
    } catch {
      conclude(error, after: arguments)
    }
  }

  /// Carries out a command line.
  ///
  /// - Throws: what the command throws; ``exitStatus(of:)`` tells the exit code.
  static func run(_ arguments: [String]) async throws {
    try MistakenArguments.check(arguments)
    try RepeatedOptions.check(arguments)
    var command = try parseAsRoot(arguments)
    if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
  }

  /// The exit code that the process ends with after `error`.
  static func exitStatus(of error: any Error) -> Int32 {
    let code: ExitCode =
      switch error {
      case is ConfigurationRefusal: .configuration
      case let failure as ToldFailure: failure.exitCode
      default: exitCode(for: error)
      }
    return code.rawValue
  }

  /// What standard output has of `error` where the arguments ask for JSON; nil where they do not, or nothing is left to say.
  static func errorObject(of error: any Error, after arguments: [String]) -> String? {
    guard arguments.prefix(while: { $0 != "--" }).contains("--json"),
      let report = ErrorReport(error, message: message(for: error), exitCode: exitStatus(of: error))
    else { return nil }
    return Output.object(report)
  }

  private static func conclude(_ error: any Error, after arguments: [String]) -> Never {
    if let object = errorObject(of: error, after: arguments) {
      Output.line(object)
      exit(withError: ExitCode(exitStatus(of: error)))
    }
    // A line of either begins with the file, as those of a compiler do.
    guard error is ConfigurationRefusal || error is ToldFailure else { exit(withError: error) }
    Output.complain("\(error)")
    exit(withError: ExitCode(exitStatus(of: error)))
  }
}
