// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Keystores
import PSEFormat

/// `certrotd pse trust list`: the numbered trust list.
struct PSETrustListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the certificates that a PSE trusts, numbered.",
    discussion: HelpText.flowing(
      """
      EXIT CODES: 0 when the file could be read, 1 when it could not.

      EXAMPLES:
        certrotd pse trust list client.pse
        certrotd pse trust list client.pse --json | jq -r '.entries[].sha256'
      """))

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @OptionGroup var pin: PINOptions
  @OptionGroup var format: FormatOption

  func run() throws {
    try PSEOnDisk.reporting(file) {
      try Output.show(TrustListReport(PSEOnDisk.open(file, pin).document.content.trust), as: format)
    }
  }
}
