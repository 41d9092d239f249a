// SPDX-License-Identifier: Apache-2.0

/// A verified way from a leaf to a trust anchor: each certificate is signed by the next.
///
/// Never empty.
package struct CertificatePath: Hashable, Sendable {
  /// Leaf first, the anchor last; one certificate when the leaf is itself the anchor.
  package let certificates: [Certificate]

  /// `nil` when there is no certificate.
  package init?(_ certificates: [Certificate]) {
    guard !certificates.isEmpty else { return nil }
    self.certificates = certificates
  }

  package var leaf: Certificate { certificates[0] }

  /// The anchor that the path ends in: usually a self-signed root.
  package var root: Certificate { certificates[certificates.count - 1] }

  /// What lies between the leaf and the root.
  package var issuers: ArraySlice<Certificate> {
    certificates.count < 3 ? [] : certificates[1..<(certificates.count - 1)]
  }
}
