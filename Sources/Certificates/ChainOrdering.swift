// SPDX-License-Identifier: Apache-2.0

/// Puts certificates that came in any order into the order of issue.
package enum ChainOrdering {
  /// Starts at `leaf` and follows issuers by name and key identifier through `pool` until a self-issued certificate or
  /// the last that fits.
  ///
  /// Signatures are not checked; certificates of the pool that do not belong are left out.
  ///
  /// Where several fit, the one that ends last wins, so that a cross-signed issuer does not shorten the chain's life.
  package static func ordered(from leaf: Certificate, among pool: [Certificate]) -> [Certificate] {
    var chain = [leaf]
    var current = leaf
    while !current.isSelfIssued, chain.count < longest {
      let candidates = pool.filter { current.namesAsIssuer($0) && !chain.contains($0) }
      guard let issuer = candidates.max(by: { $0.validity.notAfter < $1.validity.notAfter }) else { break }
      chain.append(issuer)
      current = issuer
    }
    return chain
  }

  /// The certificate that issued none of the others: the leaf of an unordered heap.
  ///
  /// The first one that may not issue wins over one that may; `nil` for an empty heap.
  package static func leaf(of heap: [Certificate]) -> Certificate? {
    let childless = heap.filter { candidate in
      !heap.contains { $0 != candidate && $0.namesAsIssuer(candidate) }
    }
    return childless.first { !$0.mayIssue } ?? childless.first ?? heap.first
  }

  /// Longer than any chain in use; guards against loops of hostile names.
  private static let longest = 32
}
