// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `certrotd pse show`: what a PSE holds.
struct PSEShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Lists the objects, the own certificate, the key's kind and the trust list of a PSE.",
    discussion: HelpText.flowing(
      """
      EXIT CODES: 0 when the file could be read, 1 when it could not or its key and certificate do not fit.

      EXAMPLES:
        certrotd pse show client.pse
        certrotd pse show server.pse --pin-file pin.txt
        certrotd pse show client.pse --json | jq -r '."trust-list"[].sha256'
      """))

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @OptionGroup var pin: PINOptions
  @OptionGroup var format: FormatOption

  func run() throws {
    try PSEOnDisk.reporting(file) {
      let report = try PSEReport(PSEOnDisk.open(file, pin).document)
      try Output.show(report, as: format)
      if report.keyFits == false { throw ExitCode.fault }
    }
  }
}
