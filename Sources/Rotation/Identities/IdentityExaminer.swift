// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import Keystores
package import OpenSSLBridge

/// Judges what claims to be an identity before anything relies on it (the third promise: never trust blindly).
package enum IdentityExaminer {
  /// What the certificate will be used for.
  package enum Use: Sendable {
    /// The certificate is shown to a platform, so it must allow client authentication.
    case clientAuthentication
    /// The consumer decides; nothing is asked of the purpose.
    case any
  }

  /// The certificate that is in force so far.
  package struct Predecessor: Sendable {
    package let leaf: Certificate
    /// Up to the root, as far as they are known.
    package let issuers: [Certificate]
    /// Whether the new one may end earlier: an operator said so.
    package let mayEndEarlier: Bool
    /// Whether the ledger has it; of one that the delivered files alone tell of, nobody has the key.
    package let isRecorded: Bool

    package init(leaf: Certificate, issuers: [Certificate] = [], mayEndEarlier: Bool, isRecorded: Bool = true) {
      self.leaf = leaf
      self.issuers = issuers
      self.mayEndEarlier = mayEndEarlier
      self.isRecorded = isRecorded
    }
  }

  /// Finds the leaf that the key fits, orders its issuers, completes them, and checks all that can be checked without
  /// asking anybody.
  ///
  /// - Parameters:
  ///   - certificates: what came with the key, in any order.
  ///   - key: the private key.
  ///   - known: certificates from trust bundles and anchors that may complete the chain.
  ///   - predecessor: the certificate in force, if there is one.
  ///   - use: what the certificate is for.
  ///   - now: the wall clock.
  /// - Returns: the identity with its issuers up to the root.
  /// - Throws: ``IdentityFault``, the first thing that stands against the identity.
  package static func examine(
    certificates: [Certificate], key: PrivateKey, completing known: [Certificate], predecessor: Predecessor?,
    use: Use, now: Date
  ) throws(IdentityFault) -> Identity {
    guard !certificates.isEmpty else { throw .noCertificate }
    let leaf = try leaf(of: certificates, fitting: key)
    try checkTime(of: leaf, now: now)
    if use == .clientAuthentication, !leaf.extensions.allows(purpose: CertificateExtensions.clientAuthentication) {
      throw .wrongPurpose(leaf.subject, allowed: leaf.extensions.extendedKeyUsage ?? [])
    }
    if let predecessor { try compare(leaf, with: predecessor) }

    let path = try path(from: leaf, among: certificates, completing: known, use: use, now: now)
    let issuers = Array(path.certificates.dropFirst())
    if let predecessor { try compare(ChainEnd(of: leaf, issuers: issuers), of: leaf, with: predecessor) }
    return Identity(certificate: leaf, key: key, issuers: issuers)
  }

  private static func leaf(
    of certificates: [Certificate], fitting key: PrivateKey
  ) throws(IdentityFault) -> Certificate {
    for certificate in certificates {
      // A certificate with an algorithm that OpenSSL does not know cannot be the one.
      if (try? key.fits(certificate)) == true { return certificate }
    }
    throw .keyFitsNone(ChainOrdering.leaf(of: certificates)?.subject)
  }

  private static func checkTime(of leaf: Certificate, now: Date) throws(IdentityFault) {
    guard leaf.validity.notAfter > now else { throw .expired(leaf.validity.notAfter) }
    guard leaf.validity.notBefore <= now else { throw .notYetValid(leaf.validity.notBefore) }
  }

  private static func compare(_ leaf: Certificate, with predecessor: Predecessor) throws(IdentityFault) {
    guard leaf != predecessor.leaf else {
      guard predecessor.isRecorded else { return }
      throw .same(leaf.fingerprint)
    }
    let end = ChainEnd(of: predecessor.leaf, issuers: predecessor.issuers).at
    guard predecessor.mayEndEarlier || leaf.validity.notAfter > end else {
      throw .endsNoLater(new: leaf.validity.notAfter, old: end)
    }
  }

  /// Of two that end with the same issuer, the one whose certificate ends later is no worse.
  private static func compare(
    _ new: ChainEnd, of leaf: Certificate, with predecessor: Predecessor
  ) throws(IdentityFault) {
    guard let issuer = new.issuer, leaf != predecessor.leaf, !predecessor.mayEndEarlier else { return }
    let end = ChainEnd(of: predecessor.leaf, issuers: predecessor.issuers).at
    guard new.at < end || new.at == end && leaf.validity.notAfter <= predecessor.leaf.validity.notAfter else { return }
    throw .issuerEndsNoLater(new: new.at, issuer: issuer, old: end)
  }

  private static func path(
    from leaf: Certificate, among certificates: [Certificate], completing known: [Certificate], use: Use, now: Date
  ) throws(IdentityFault) -> CertificatePath {
    let ordered = ChainOrdering.ordered(from: leaf, among: certificates + known)
    guard let last = ordered.last, last.isSelfIssued else {
      throw .incomplete(missing: ordered.last?.issuer ?? leaf.issuer)
    }
    let anchors: TrustAnchors
    do {
      anchors = try TrustAnchors.bundle([last])
    } catch {
      throw .notJudged(error.description)
    }
    let purpose: PathBuilder.Purpose = use == .clientAuthentication ? .client : .any
    switch PathBuilder.build(chain: ordered, anchors: anchors, purpose: purpose, now: now) {
    case .verified(let path): return path
    case .rejected(let complaints): throw .rejected(complaints.map(\.description))
    }
  }
}
