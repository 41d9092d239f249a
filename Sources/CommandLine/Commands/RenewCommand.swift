// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Planning
import Rotation

/// `certrotd renew`: has the daemon renew a service key or a keystore, and waits for the result.
struct RenewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew",
    abstract: "Renews a service key or a keystore through the running daemon.",
    discussion: HelpText.flowing(
      """
      Shows each step as it happens and ends with the result; whoever interrupts it stops looking, and
      the daemon goes on. Without --now only what is due is renewed, and what waits after a failure
      is tried at once. A service key from a file is read again, and the keystores that hold it
      follow.

      EXIT CODES: 0 when something new is in force or nothing had to be renewed, 1 when it failed, 69
      when no daemon runs, 75 when it is not finished after a quarter of an hour, 77 when the caller
      is neither root nor the user of the daemon.

      EXAMPLES:
        certrotd renew cpi-sender
        certrotd renew xtract-client --now
      """))

  @Argument(help: "The name of a service key or a keystore.")
  var name: String

  @Flag(help: "Also renews what is not due: a new key, and every endpoint of a keystore asked again.")
  var now = false

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    var steps: [ControlStep] = []
    let outcome = try await DaemonCall.run(options) { client in
      try await client.renew(name, now: now) { step in
        steps.append(step)
        if !format.json { Output.line("\(TimeText.instant(step.at))  \(step.message)") }
      }
    }
    try Output.show(RenewReport(outcome, steps), as: format)
    switch outcome.result {
    case .renewed, .unchanged: return
    case .failed: throw ExitCode.fault
    case .underway: throw ExitCode.underWay
    }
  }
}
