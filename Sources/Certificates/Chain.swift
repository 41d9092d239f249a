// SPDX-License-Identifier: Apache-2.0

/// What a server sent: its certificates in its own order, the leaf first.
///
/// Never empty, never verified.
package struct Chain: Hashable, Sendable {
  package let certificates: [Certificate]

  /// `nil` when there is no certificate.
  package init?(_ certificates: [Certificate]) {
    guard !certificates.isEmpty else { return nil }
    self.certificates = certificates
  }

  package var leaf: Certificate { certificates[0] }
}
