// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `certrotd pse trust`: the trust list of a PSE, as `sapgenpse maintain_pk` changes it.
struct PSETrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Lists and changes what a PSE trusts.",
    subcommands: [PSETrustListCommand.self, PSETrustAddCommand.self, PSETrustRemoveCommand.self])
}
