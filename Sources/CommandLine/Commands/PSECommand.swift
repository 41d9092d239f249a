// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `certrotd pse`: the PSE format, without `sapgenpse`.
struct PSECommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pse", abstract: "Shows and makes PSE files.",
    subcommands: [PSEShowCommand.self, PSECreateCommand.self])
}
