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
  /// - Throws: `CredentialError`.
  static func read(file: String?, credential: String?) throws -> SecretBytes? {
    let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { FilePath($0) }
    let store = CredentialStore(folder: folder)
    if let file { return try store.secret(.file(FilePath(file))) }
    return try credential.map { try store.secret(.systemd(name: $0)) }
  }

  /// Whether a person can be asked.
  static var isAttended: Bool { Terminal.isAttended }

  /// Asks on the terminal without showing the answer.
  static func ask(_ prompt: String) throws -> SecretBytes { try Terminal().readSecret(prompt: prompt) }

  /// Asks twice, since nobody sees what is typed.
  static func askTwice(_ prompt: String) throws -> SecretBytes {
    let first = try ask(prompt)
    guard try ask("Again: ") == first else { throw ValidationError("the two answers differ") }
    return first
  }
}
