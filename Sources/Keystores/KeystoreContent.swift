// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import PSEFormat

/// What a keystore is to hold: one identity or none, and a trust list.
package struct KeystoreContent: Sendable {
  package let identity: Identity?
  /// Each certificate once, ordered by subject and then by encoding, so that equal lists give equal files.
  package let trust: [Certificate]
  /// What a PSE holds besides, which certrotd does not understand.
  package let kept: PSEKeptObjects

  package init(identity: Identity?, trust: [Certificate], kept: PSEKeptObjects = .none) {
    self.identity = identity
    self.trust = Self.ordered(trust)
    self.kept = kept
  }

  static func ordered(_ certificates: some Sequence<Certificate>) -> [Certificate] {
    Set(certificates).map { (name: $0.subject.description, certificate: $0) }.sorted { left, right in
      left.name == right.name
        ? left.certificate.derBytes.lexicographicallyPrecedes(right.certificate.derBytes) : left.name < right.name
    }.map(\.certificate)
  }
}
