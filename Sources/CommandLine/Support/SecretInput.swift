// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Host
import Rotation
import Settings
import SystemPackage

/// Where commands get PINs and passwords from.
enum SecretInput {
  /// Reads a file that nobody else may read, or a systemd credential; nil when neither is named.
  ///
  /// - Throws: `CredentialError`; ``Refusal`` outside a service that has credentials.
  static func read(file: String?, credential: String?) throws -> SecretBytes? {
    let folder = credentialsFolder
    let store = CredentialStore(folder: folder)
    if let file { return try store.secret(.file(FilePath(file))) }
    guard let credential else { return nil }
    guard folder != nil else {
      throw Refusal(
        """
        the credential \(credential) cannot be read, since $CREDENTIALS_DIRECTORY is not set: name a file instead, or run \
        the command with systemd-run --pipe -p LoadCredential=\(credential):FILE
        """)
    }
    return try store.secret(.systemd(name: credential))
  }

  /// Refuses a path where the name of a systemd credential is wanted.
  ///
  /// - Throws: `ValidationError`.
  static func checkName(_ name: String?, of option: String, instead other: String) throws {
    guard let name, name.contains("/") else { return }
    throw ValidationError(
      "\(option) takes the name of a systemd credential, and \(name) is a path: name a file with \(other)")
  }

  /// What `$CREDENTIALS_DIRECTORY` names (systemd.exec(5)); nil outside a service.
  static var credentialsFolder: FilePath? {
    ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { FilePath($0) }
  }

  /// Whether a person can be asked.
  static var isAttended: Bool { Terminal.isAttended }

  /// Asks on the terminal without showing the answer.
  static func ask(_ prompt: String) throws -> SecretBytes { try Terminal().readSecret(prompt: prompt) }

  /// Asks twice, since nobody sees what is typed.
  static func askTwice(_ prompt: String) throws -> SecretBytes {
    let first = try ask(prompt)
    guard try ask("Again: ") == first else { throw Refusal("the two answers differ") }
    return first
  }
}
