// SPDX-License-Identifier: Apache-2.0

import Certificates
import OpenSSLBridge

/// Finds the issuers of a certificate up to its root, in a file of which nobody knows whether it has all of them.
///
/// Each link is proven by its signature; times are not looked at, since what has ended may still be taken over.
enum ChainCompletion {
  /// - Parameters:
  ///   - leaf: the certificate.
  ///   - own: what came with it, which goes before what is known from elsewhere.
  ///   - known: certificates from bundles and anchors.
  /// - Returns: the nearest first, the root last where there is one.
  static func issuers(of leaf: Certificate, own: [Certificate], known: [Certificate]) -> [Certificate] {
    var chain = [leaf]
    var current = leaf
    while !current.isSelfIssued, chain.count < longest {
      guard let issuer = issuer(of: current, among: own, chain) ?? issuer(of: current, among: known, chain) else {
        break
      }
      chain.append(issuer)
      current = issuer
    }
    return Array(chain.dropFirst())
  }

  private static func issuer(
    of certificate: Certificate, among pool: [Certificate], _ chain: [Certificate]
  ) -> Certificate? {
    // Where several fit, the one that ends last, as ChainOrdering has it.
    pool.filter { certificate.namesAsIssuer($0) && !chain.contains($0) }
      .sorted { $0.validity.notAfter > $1.validity.notAfter }
      .first { IssuerSignature.isGenuine(on: certificate, by: $0) }
  }

  /// Longer than any chain in use.
  private static let longest = 32
}
