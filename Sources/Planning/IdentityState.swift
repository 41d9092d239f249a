// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// The identity that a source holds now.
package struct IdentityState: Sendable, Hashable {
  package var leaf: Fingerprint
  package var notBefore: Date
  package var notAfter: Date
  /// For a keystore's own identity, the `IdentitySource.recipe` that it was made or read by; `nil` for a service key's.
  package var recipe: String?

  package init(leaf: Fingerprint, notBefore: Date, notAfter: Date, recipe: String? = nil) {
    self.leaf = leaf
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.recipe = recipe
  }
}

/// What is known of one service key.
package struct SourceState: Sendable, Equatable {
  /// Of reading the file.
  package var schedule: Schedule
  /// The identity that was accepted last; a file that is rejected later leaves it in force.
  package var identity: IdentityState?
  /// One sentence: why the file that lies there now was not taken over; `nil` unless it was rejected.
  package var rejected: String?

  package init(schedule: Schedule = .untouched, identity: IdentityState? = nil, rejected: String? = nil) {
    self.schedule = schedule
    self.identity = identity
    self.rejected = rejected
  }

  /// What the name of a condition begins with as long as the file is rejected.
  package static let rejection = "rejected"
}
