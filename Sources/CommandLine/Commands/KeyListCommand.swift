// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Rotation

/// `certrotd key list`: the keys that the platform has of a service key's instance.
struct KeyListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the keys of a service key's instance on the platform.",
    discussion: HelpText.flowing(
      """
      The running daemon asks the platform. OWNER is ours for keys that this installation made or
      adopted, orphan for one of them that nothing uses, peer for those of another certrotd, and
      other. USE is what a key is to certrotd: in-force, in-flight or retiring.

      EXIT CODES: 0 when the platform answered, 1 when it did not, 69 when no daemon runs.

      EXAMPLES:
        certrotd key list cpi-sender
        certrotd key list cpi-sender --json | jq -r '.keys[] | select(.owner == "orphan") | .guid'
      """))

  @Argument(help: "The name of a service key.")
  var name: String

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let reply = try await DaemonCall.run(options) { client in
      try await client.call(
        .listKeys, ControlInterface.Name(name: name), giving: ControlInterface.KeysReply.self)
    }
    try Output.show(KeyListReport(reply.keys), as: format)
  }
}
