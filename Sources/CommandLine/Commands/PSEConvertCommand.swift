// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Keystores
import PSEFormat

/// `certrotd pse convert`: another version or PIN around the same content.
struct PSEConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Changes the version or the PIN of a PSE, and nothing that is in it.",
    discussion: """
      Without --out the file is replaced in one step and keeps owner, group and mode; what is not named
      stays as it is. After a change of the PIN, credentials that were made for it (`sapgenpse
      seclogin`) no longer fit.

      EXIT CODES: 0 when it was converted, 1 when it could not be read or written.

      EXAMPLES:
        certrotd pse convert client.pse --version 4
        certrotd pse convert client.pse --ask-new-pin
        certrotd pse convert server.pse --pin-file old.txt --new-pin-file new.txt
        certrotd pse convert server.pse --no-pin --out plain.pse
      """)

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @Option(help: "The version to write: 2 or 4.")
  var version: PSEVersion?

  @Flag(help: "Writes a PSE that opens without a PIN.")
  var noPin = false

  @Option(help: ArgumentHelp("Makes a new file instead, with mode 0600.", valueName: "file"))
  var out: String?

  @OptionGroup var pin: PINOptions
  @OptionGroup var newPIN: NewPINOptions

  func validate() throws {
    if noPin, newPIN.areGiven { throw ValidationError("--no-pin and a new PIN exclude each other") }
    if version == nil, !noPin, !newPIN.areGiven {
      throw ValidationError("there is nothing to change: give --version, --no-pin or a new PIN")
    }
  }

  func run() throws {
    try PSEOnDisk.reporting(file) {
      let pse = try PSEOnDisk.open(file, pin)
      let next = noPin ? nil : try newPIN.named() ?? pse.pin
      let version = version ?? pse.document.version
      if let out {
        try PSEOnDisk.create(out, pse.document.content, version: version, pin: next)
      } else {
        try pse.replace(with: pse.document.content, version: version, pin: next)
      }
      Output.line("\(out ?? file): version \(version.rawValue), \(next == nil ? "no PIN" : "protected by a PIN")")
    }
  }
}

extension PSEVersion: ExpressibleByArgument {}
