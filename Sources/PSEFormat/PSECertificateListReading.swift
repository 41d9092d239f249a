// SPDX-License-Identifier: Apache-2.0

/// How `CertList` of an issued identity is written, of which no genuine file has been seen.
///
/// In the genuine files, all self-signed, it holds the own certificate, which is its own issuer, root and chain at once:
/// each of the two readings makes those files byte for byte.
package enum PSECertificateListReading: String, Hashable, Sendable, CaseIterable {
  /// Every issuer up to the root, without the own certificate, which `Cert` has already.
  case issuers
  /// The own certificate too: what a certificate message of TLS would hold.
  case chain
}
