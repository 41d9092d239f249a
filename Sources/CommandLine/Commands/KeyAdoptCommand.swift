// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Rotation

/// `certrotd key adopt`: puts a key in force that is on the platform already.
struct KeyAdoptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Puts a key in force that is on the platform already.",
    discussion: HelpText.flowing(
      """
      Its credentials are read once, and it is examined and verified as a new key is. From then on it
      counts as certrotd's own: the next renewal replaces it, and deletes it once its overlap is over
      and no keystore uses it. A key that ends no later than the one in force is taken with --force
      only.

      EXIT CODES: 0 when it was taken over, 1 when it was not, 69 when no daemon runs, 77 when the caller
      is neither root nor the user of the daemon.

      EXAMPLES:
        certrotd key adopt cpi-sender 0b54d0c3-6b2a-4a52-8f0e-6d3c1a2b9f10
        certrotd key adopt cpi-sender by-hand --force
      """))

  @Argument(help: "The name of a service key.")
  var name: String

  @Argument(help: "The GUID or the name of the key, as certrotd key list shows them.")
  var guid: String

  @Flag(help: "Take it over even though it ends no later than the one in force.")
  var force = false

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let reply = try await DaemonCall.run(options) { client in
      try await client.call(
        .adoptKey, ControlInterface.KeyName(name: name, guid: guid, force: force),
        giving: ControlInterface.KeyReply.self)
    }
    try Output.show(KeyListReport([reply.key]), as: format)
  }
}
