// SPDX-License-Identifier: Apache-2.0

import Delivery
import Host
import Ledger
import Settings
import SystemPackage

/// The credentials that a PSE with a PIN needs after each change, written by SAP's own tool.
///
/// They are owed like a hook: recorded with the generation, done at least once, tried again until it works.
struct PSELogin {
  let settings: PSEFileSettings
  let pse: FilePath
  let user: String
  private let file: FileSettings

  /// nil for a file that gets no credentials.
  init?(_ file: FileSettings) {
    guard case .pse(let settings) = file.format, let user = settings.login, case .absolute(let pse) = settings.path
    else { return nil }
    self.settings = settings
    self.pse = pse
    self.user = user
    self.file = file
  }

  var arguments: [String] { Sapgenpse.loginArguments(program: settings.tool.program, pse: pse, user: user) }

  /// Who may read credentials that are made anew: whoever may read the PSE, since only both together are of use.
  ///
  /// - Throws: ``OutputError`` for an account that does not exist.
  func access() throws(OutputError) -> FileOwnership { try KeystoreOutput.access(to: file) }

  /// - Throws: ``OutputError`` when the PIN cannot be read.
  func pin(_ credentials: CredentialStore) throws(OutputError) -> SecretBytes {
    guard let reference = settings.pin else { return SecretBytes(copying: []) }
    do {
      return try credentials.secret(reference)
    } catch {
      throw .credential(error)
    }
  }
}

extension KeystoreSettings {
  /// Of the files that get any.
  var logins: [PSELogin] { files.compactMap { PSELogin($0) } }

  /// All that is run after a change: credentials first, so that the hooks, and the consumers they restart, find them.
  var owedAfterChange: [NewHook] {
    logins.map { NewHook(arguments: $0.arguments, deadline: $0.settings.tool.deadline) }
      + afterChange.map { NewHook($0) }
  }
}
