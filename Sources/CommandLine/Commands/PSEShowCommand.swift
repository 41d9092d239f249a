// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import PSEFormat
import SystemPackage

/// `certrotd pse show`: what a PSE holds.
struct PSEShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Lists the objects, the own certificate, the key's kind and the trust list of a PSE.",
    discussion: """
      EXIT CODES: 0 when the file could be read, 1 when it could not.

      EXAMPLES:
        certrotd pse show client.pse
        certrotd pse show client.pse --json | jq -r '."trust-list"[].sha256'
      """)

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @OptionGroup var format: FormatOption

  func run() throws {
    do {
      let bytes = try HostFiles().readFile(FilePath(file), limit: PSEFile.sizeLimit)
      try Output.show(try PSEReport(try PSEFile(derEncoded: bytes)), as: format)
    } catch let error as PSEError {
      Output.complain("\(file): \(error)")
      throw ExitCode.fault
    }
  }
}
