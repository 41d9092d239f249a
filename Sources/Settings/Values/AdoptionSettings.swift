// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SystemPackage

/// A PSE that existed before its keystore did, and whose identity and trust list the keystore starts from.
package struct AdoptionSettings: Sendable, Hashable {
  /// Absolute; it need not be there any more once it was taken over.
  package var file: FilePath
  package var pin: CredentialReference?
  /// Certificates of its trust list that are not wanted any more.
  package var without: Set<Fingerprint>
  package var declared: Declaration

  package init(
    file: FilePath, pin: CredentialReference? = nil, without: Set<Fingerprint> = [], declared: Declaration = .nowhere
  ) {
    self.file = file
    self.pin = pin
    self.without = without
    self.declared = declared
  }

  /// What an identity that was taken over is recorded with, in place of the settings that others are made by.
  package var recipe: String { "adopted \(file)" }
}
