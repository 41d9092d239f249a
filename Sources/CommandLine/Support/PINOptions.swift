// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host

/// How a command is told the PIN of a PSE that exists: never as an argument, which every process of the host can read.
struct PINOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A file with mode 0600 that holds the PIN of the PSE; else it is asked for.", valueName: "file"))
  var pinFile: String?

  @Option(help: ArgumentHelp("A systemd credential that holds the PIN of the PSE.", valueName: "name"))
  var pinCredential: String?

  func validate() throws {
    try SecretInput.checkName(pinCredential, of: "--pin-credential", instead: "--pin-file")
    if pinFile != nil, pinCredential != nil {
      throw ValidationError("--pin-file and --pin-credential both name the PIN: give one of them")
    }
  }

  /// The PIN that the options name; nil when they name none.
  func named() throws -> SecretBytes? { try SecretInput.read(file: pinFile, credential: pinCredential) }
}

/// How a command is told the PIN that a PSE shall get.
struct NewPINOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A file with mode 0600 that holds the PIN to set.", valueName: "file"))
  var newPinFile: String?

  @Option(help: ArgumentHelp("A systemd credential that holds the PIN to set.", valueName: "name"))
  var newPinCredential: String?

  @Flag(help: "Asks for the PIN to set, twice, without showing it.")
  var askNewPin = false

  func validate() throws {
    try SecretInput.checkName(newPinCredential, of: "--new-pin-credential", instead: "--new-pin-file")
    guard [newPinFile != nil, newPinCredential != nil, askNewPin].count(where: \.self) <= 1 else {
      throw ValidationError("--new-pin-file, --new-pin-credential and --ask-new-pin all name the new PIN: give one")
    }
  }

  var areGiven: Bool { newPinFile != nil || newPinCredential != nil || askNewPin }

  /// The PIN to set; nil when there shall be none.
  func named() throws -> SecretBytes? {
    if askNewPin { return try SecretInput.askTwice("New PIN: ") }
    return try SecretInput.read(file: newPinFile, credential: newPinCredential)
  }
}

/// How a command is told the password of a PFX file or an encrypted key.
struct PasswordOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A file with mode 0600 that holds the password of the PFX or key.", valueName: "file"))
  var passwordFile: String?

  @Option(help: ArgumentHelp("A systemd credential that holds the password of the PFX or key.", valueName: "name"))
  var passwordCredential: String?

  @Flag(help: "Asks for the password of the PFX or key without showing it.")
  var askPassword = false

  @Flag(help: "The PFX has the empty password.")
  var emptyPassword = false

  func validate() throws {
    try SecretInput.checkName(passwordCredential, of: "--password-credential", instead: "--password-file")
    let given = [passwordFile != nil, passwordCredential != nil, askPassword, emptyPassword].count(where: \.self)
    guard given <= 1 else {
      throw ValidationError("several options name the password: give one of them")
    }
  }

  var areGiven: Bool { passwordFile != nil || passwordCredential != nil || askPassword || emptyPassword }

  /// What the options name; nil when they name nothing.
  ///
  /// - Parameter isNew: whether it is being set, so that a person types it twice.
  /// - Returns: the password; empty only where that was asked for.
  /// - Throws: `CredentialError`, or `SystemError` when there is no terminal.
  func named(isNew: Bool) throws -> SecretBytes? {
    if emptyPassword { return SecretBytes(copying: []) }
    if askPassword { return try isNew ? SecretInput.askTwice("Password: ") : SecretInput.ask("Password: ") }
    return try SecretInput.read(file: passwordFile, credential: passwordCredential)
  }
}
