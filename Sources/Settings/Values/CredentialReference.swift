// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A secret that stands elsewhere: what a `…-credential` key names.
package enum CredentialReference: Sendable, Hashable {
  /// A systemd credential, a file of this name in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), `LoadCredential=`).
  case systemd(name: String)
  /// An absolute file with mode 0600 or stricter.
  case file(FilePath)
}

extension CredentialReference: CustomStringConvertible {
  /// As it is written in a configuration file; never the secret.
  package var description: String {
    switch self {
    case .systemd(let name): name
    case .file(let path): path.string
    }
  }
}
