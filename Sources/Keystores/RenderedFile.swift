// SPDX-License-Identifier: Apache-2.0

package import Host

/// The bytes of one file, made or read back.
package struct RenderedFile: Sendable, Equatable {
  /// The member's name in a folder such as a `ca-directory`; `nil` for a format that is one file, which the caller names.
  package let name: String?
  package let bytes: SecretBytes
  /// Whether a private key is in it.
  package let holdsSecret: Bool

  package init(name: String? = nil, bytes: SecretBytes, holdsSecret: Bool) {
    self.name = name
    self.bytes = bytes
    self.holdsSecret = holdsSecret
  }
}
