// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// What makes a PSE a client's or server's own: a key, its certificate, and the way up to the root.
package struct PSEIdentity: Hashable, Sendable {
  package let primes: PSEPrimes
  package let certificate: Certificate
  /// Between the certificate and the root, the nearest first; empty for a self-signed one or one that the root issued.
  package let issuers: [Certificate]
  /// The certificate itself when it is self-signed.
  package let root: Certificate

  /// Takes a certificate and its issuers, which must follow each other by name up to a self-issued root.
  ///
  /// Whether the key fits and the signatures are right is for the caller to prove: this room does no cryptography.
  ///
  /// - Parameters:
  ///   - primes: of the certificate's key.
  ///   - certificate: with an RSA key.
  ///   - issuers: nearest first, the root last or left out when `certificate` is self-signed.
  /// - Throws: ``PSEError/unbuildable(part:reason:)`` when a link is missing.
  package init(primes: PSEPrimes, certificate: Certificate, issuers: [Certificate]) throws(PSEError) {
    guard case .rsa = certificate.publicKey.kind else {
      throw .unsupportedKey(algorithm: certificate.publicKey.kind.description)
    }
    var above = issuers[...]
    if certificate.isSelfIssued, above.first == certificate { above = above.dropFirst() }
    var current = certificate
    for issuer in above {
      guard !current.isSelfIssued else {
        throw .unbuildable(part: "issuers", reason: "\(issuer.subject) stands above the root \(current.subject)")
      }
      guard current.issuer == issuer.subject else {
        throw .unbuildable(
          part: "issuers",
          reason: "\(current.subject) was issued by \(current.issuer), but \(issuer.subject) comes next")
      }
      current = issuer
    }
    guard current.isSelfIssued else {
      throw .unbuildable(
        part: "issuers",
        reason: "the chain ends at \(current.subject), whose issuer \(current.issuer) is not known; "
          + "a PSE needs the root")
    }
    self.primes = primes
    self.certificate = certificate
    self.issuers = Array(above.dropLast())
    self.root = current
  }

  /// Whether the certificate is its own root.
  package var isSelfSigned: Bool { certificate == root }
}
