// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `certrotd key`: acts on service keys.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Acts on service keys.",
    subcommands: [KeyImportCommand.self, KeyListCommand.self, KeyAdoptCommand.self])
}
