// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// That a keystore started from a PSE of others, and what was in it.
package struct Adoption: Sendable, Equatable {
  /// The file that was taken over, absolute.
  package var path: String
  /// The certificate of the identity; nil when there was none, or when it was superseded so long ago that it is forgotten.
  package var leaf: Certificate?
  package var trust: [Certificate]
  package var adoptedAt: Date
  /// Nil when it was taken over by a certrotd that did not look at this.
  package var form: AdoptedFile?
  /// Where a copy of the file lies, absolute.
  package var original: String?
  /// What else the configuration called the file then, by links or mounts; absolute.
  package var otherNames: [String]
  /// Name and type of the objects that are handed on as they are.
  package var keptNames: [String]

  package init(
    path: String, leaf: Certificate?, trust: [Certificate], adoptedAt: Date, form: AdoptedFile? = nil,
    original: String? = nil, otherNames: [String] = [], keptNames: [String] = []
  ) {
    self.path = path
    self.leaf = leaf
    self.trust = trust
    self.adoptedAt = adoptedAt
    self.form = form
    self.original = original
    self.otherNames = otherNames
    self.keptNames = keptNames
  }
}

/// How a file was made that was taken over, and who might use it.
package struct AdoptedFile: Sendable, Hashable {
  /// The number in front of the PSE.
  package var version: Int
  package var hasPIN: Bool
  package var owner: UInt32
  package var group: UInt32
  /// The permission bits, such as 0o640.
  package var mode: UInt16

  package init(version: Int, hasPIN: Bool, owner: UInt32, group: UInt32, mode: UInt16) {
    self.version = version
    self.hasPIN = hasPIN
    self.owner = owner
    self.group = group
    self.mode = mode
  }
}
