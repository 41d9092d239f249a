// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Until when a certificate is of use: to its own end, or to that of an issuer of its chain that ends before it.
package struct ChainEnd: Hashable, Sendable {
  package let at: Date
  /// The issuer that ends first; nil where none ends before the certificate itself.
  package let issuer: DistinguishedName?

  /// - Parameters:
  ///   - leaf: the certificate.
  ///   - issuers: its issuers up to the root, as far as they are known.
  package init(of leaf: Certificate, issuers: [Certificate]) {
    let first = issuers.min { $0.validity.notAfter < $1.validity.notAfter }
    let limit = first.flatMap { $0.validity.notAfter < leaf.validity.notAfter ? $0 : nil }
    at = (limit ?? leaf).validity.notAfter
    issuer = limit?.subject
  }
}
