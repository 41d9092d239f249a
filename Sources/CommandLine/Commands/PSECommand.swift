// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `certrotd pse`: the PSE format, without `sapgenpse`.
struct PSECommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pse", abstract: "Shows, makes and changes PSE files.",
    subcommands: [
      PSEShowCommand.self, PSECreateCommand.self, PSEConvertCommand.self, PSETrustCommand.self, PSEExportCommand.self,
    ])
}
