// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Keystores
import PSEFormat

/// `certrotd pse convert`: another version or PIN around the same content.
struct PSEConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Changes the version or the PIN of a PSE, and nothing that is in it.",
    discussion: HelpText.flowing(
      """
      Without --out the file is replaced in one step and keeps owner, group and mode; what is not named
      stays as it is. After a change of the PIN, credentials that were made for it (`sapgenpse
      seclogin`) no longer fit.

      EXIT CODES: 0 when it was converted, 1 when it could not be read or written.

      EXAMPLES:
        certrotd pse convert client.pse --version 4
        certrotd pse convert client.pse --ask-new-pin
        certrotd pse convert server.pse --pin-file old.txt --new-pin-file new.txt
        certrotd pse convert server.pse --no-pin --out plain.pse
      """))

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
      if let out {
        try NewFiles.checkAbsent([out])
        let pse = try PSEOnDisk.open(file, pin)
        let (version, next) = try wrapping(of: pse, newPIN.named())
        try PSEOnDisk.create(out, pse.document.content, version: version, pin: next)
        Output.line(Self.summary(out, version, next))
        return
      }
      try PSEOnDisk.changing(file, pin, asking: newPIN.named) { pse, named in
        let (version, next) = wrapping(of: pse, named)
        try pse.replace(with: pse.document.content, version: version, pin: next)
        Output.line(Self.summary(file, version, next))
      }
    }
  }

  /// The version and PIN to write: what is not named stays as it is.
  private func wrapping(of pse: PSEOnDisk, _ named: SecretBytes?) -> (PSEVersion, SecretBytes?) {
    (version ?? pse.document.version, noPin ? nil : named ?? pse.pin)
  }

  private static func summary(_ file: String, _ version: PSEVersion, _ pin: SecretBytes?) -> String {
    "\(file): version \(version.rawValue), \(pin == nil ? "no PIN" : "protected by a PIN")"
  }
}

extension PSEVersion: ExpressibleByArgument {}
