// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Where the key comes from that private keys in the ledger are sealed under.
package enum SealingKeySource: Sendable, Equatable {
  /// There is none: the ledger keeps and gives out no private key.
  case none
  /// A file with mode 0600, made once by the daemon as long as nothing was sealed yet.
  case file(FilePath)
  /// A systemd credential, such as `$CREDENTIALS_DIRECTORY/ledger-key`; it is only ever read.
  case credential(FilePath)

  /// For error messages.
  var origin: String {
    switch self {
    case .none: "no key was given"
    case .file(let path): "the key file \(path)"
    case .credential(let path): "the systemd credential \(path)"
    }
  }
}
