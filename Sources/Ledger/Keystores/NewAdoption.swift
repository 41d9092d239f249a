// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host

/// What is taken over of a PSE of others.
package struct NewAdoption: Sendable {
  package var keystore: String
  /// The file, absolute.
  package var path: String
  /// Becomes the current identity of its owner; nil when the file held none.
  package var identity: NewIdentity?
  /// In the order of the file.
  package var trust: [Certificate]
  package var form: AdoptedFile?
  /// Where a copy of the file lies.
  package var original: String?
  /// What else the configuration called the file then, by links or mounts; absolute.
  package var otherNames: [String]
  /// Name and type of the objects in `kept`, which `certrotd show` lists.
  package var keptNames: [String]
  /// The objects that are handed on as they are; nil when there are none.
  package var kept: SecretBytes?

  package init(
    keystore: String, path: String, identity: NewIdentity?, trust: [Certificate], form: AdoptedFile? = nil,
    original: String? = nil, otherNames: [String] = [], keptNames: [String] = [], kept: SecretBytes? = nil
  ) {
    self.keystore = keystore
    self.path = path
    self.identity = identity
    self.trust = trust
    self.form = form
    self.original = original
    self.otherNames = otherNames
    self.keptNames = keptNames
    self.kept = kept
  }
}
