// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import OpenSSLBridge

/// One certificate, its private key and its issuers: from a service key, from PEM files, or self-signed.
package struct Identity: Sendable {
  package let certificate: Certificate
  package let key: PrivateKey
  /// The nearest first, the root last where it is known; empty for a self-signed certificate.
  package let issuers: [Certificate]

  /// Takes the issuers in any order and keeps those that lead up from the certificate.
  package init(certificate: Certificate, key: PrivateKey, issuers: [Certificate]) {
    self.certificate = certificate
    self.key = key
    self.issuers = Array(Self.chain(of: certificate, issuers: issuers).dropFirst())
  }

  /// A certificate and those of `issuers` that lead up from it, the nearest first.
  static func chain(of certificate: Certificate, issuers: [Certificate]) -> [Certificate] {
    Array(ChainOrdering.ordered(from: certificate, among: issuers))
  }

  /// The certificate and its issuers, as a peer is shown them.
  package var chain: [Certificate] { [certificate] + issuers }

  /// The self-issued end of the chain; `nil` when it ends below.
  package var root: Certificate? {
    guard let last = chain.last, last.isSelfIssued else { return nil }
    return last
  }
}
