// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
package import FoundationEssentials

/// Finds the way from a leaf to a trust anchor and judges every certificate on it, with the host's OpenSSL.
///
/// The rules are those of RFC 5280, section 6, as X509_verify_cert(3) applies them, at the security level that the
/// host's OpenSSL has for TLS, without revocation.
package enum PathBuilder {
  /// What the leaf is to be used for (RFC 5280, section 4.2.1.12).
  package enum Purpose: String, Hashable, Sendable {
    /// To prove a TLS server's name.
    case server
    /// To prove a TLS client's.
    case client
    /// Usage extensions of the leaf do not count.
    case any
  }

  /// Builds and judges a path.
  ///
  /// The order of the chain after the leaf, certificates that do not belong, and a root that was sent along do not
  /// matter. Where the chain alone does not do, `alsoKnown` fills the gaps; nothing in it is trusted for being there.
  ///
  /// - Parameters:
  ///   - chain: What the peer sent, leaf first.
  ///   - anchors: Where a path may end.
  ///   - alsoKnown: Certificates from elsewhere that may fill a gap.
  ///   - name: What the leaf has to be made out to (RFC 6125, OpenSSL's rules: alternative names, the common name only
  ///     where there is no alternative name; wildcards for a whole left-most label); nil for any name.
  ///   - purpose: What the leaf is used for.
  ///   - now: The time at which validity is judged, UTC.
  /// - Returns: The path to its anchor, or everything that is wrong.
  package static func build(
    chain: [Certificate], anchors: TrustAnchors, alsoKnown: [Certificate] = [], name: ServerName? = nil,
    purpose: Purpose = .server, now: Date
  ) -> PathVerdict {
    guard let leaf = chain.first else {
      return .rejected([CertificateComplaint(depth: 0, certificate: nil, reason: .noCertificate)])
    }
    do throws(OpenSSLError) {
      var findings = PathFindings(path: anchors.memory.path(chain, purpose, now: now), complaints: [])
      if findings.path == nil {
        let task = Task(leaf: leaf, chain: chain, anchors: anchors, purpose: purpose, now: now)
        findings = try task.search(alsoKnown)
        if let path = findings.path { anchors.memory.remember(path, chain, purpose) }
      }
      if let name, try !LeafName.matches(leaf, name) {
        findings.complaints.append(
          CertificateComplaint(depth: 0, certificate: leaf, reason: .nameMismatch(name)))
      }
      if let path = findings.path, findings.complaints.isEmpty { return .verified(path) }
      return .rejected(findings.complaints.sorted { $0.depth < $1.depth })
    } catch {
      let reason = CertificateComplaint.Reason.unreadable(error.description)
      return .rejected([CertificateComplaint(depth: 0, certificate: leaf, reason: reason)])
    }
  }
}

/// What one or more verifications found: a path, or complaints.
struct PathFindings {
  var path: CertificatePath?
  var complaints: [CertificateComplaint]
}

/// One call of ``PathBuilder/build(chain:anchors:alsoKnown:name:purpose:now:)`` without the name.
private struct Task {
  let leaf: Certificate
  let chain: [Certificate]
  let anchors: TrustAnchors
  let purpose: PathBuilder.Purpose
  let now: Date

  func search(_ alsoKnown: [Certificate]) throws(OpenSSLError) -> PathFindings {
    let anchors = try anchors.resolved(among: chain + alsoKnown)
    var pool = try CandidatePool.make()
    for certificate in chain { pool.add(certificate) }
    guard pool.certificates.first == leaf else { return PathFindings(path: nil, complaints: unreadable(pool)) }

    var findings = try verify(pool, anchors)
    if findings.path == nil {
      let fillers = Self.fillers(of: chain, from: alsoKnown)
      if !fillers.isEmpty {
        for certificate in fillers { pool.add(certificate) }
        let filled = try verify(pool, anchors)
        // A gap that is now filled may show others above it: those are the ones worth reporting.
        if filled.path != nil || filled.complaints.count <= findings.complaints.count { findings = filled }
      }
    }
    guard findings.path == nil else { return findings }
    findings.complaints += unreadable(pool)
    if case .pins = self.anchors.source { findings.complaints = withPinMismatch(findings.complaints) }
    return findings
  }

  /// A self-signed anchor is wanted, since it is what servers do not send; one below a root will do.
  private func verify(
    _ pool: borrowing CandidatePool, _ anchors: TrustAnchors
  ) throws(OpenSSLError) -> PathFindings {
    let toRoot = PathVerification(anchors: anchors, purpose: purpose, now: now, mayEndBelowRoot: false)
    let findings = try toRoot.run(pool)
    // Of two self-signed anchors of one name, OpenSSL may take the wrong one for a self-signed leaf, and finds the very
    // leaf among the anchors only when it need not look for a root.
    let isSelfSigned = findings.complaints.contains { $0.reason == .selfSignedNotTrusted }
    guard findings.path == nil, anchors.mayEndBelowRoot || isSelfSigned else { return findings }
    return try PathVerification(anchors: anchors, purpose: purpose, now: now, mayEndBelowRoot: true).run(pool)
  }

  private func unreadable(_ pool: borrowing CandidatePool) -> [CertificateComplaint] {
    pool.unreadable.map { certificate, error in
      CertificateComplaint(
        depth: chain.firstIndex(of: certificate) ?? chain.count, certificate: certificate,
        reason: .unreadable(error.description))
    }
  }

  /// With pins, a missing issuer is worth telling, since it may be the pinned one; an untrusted root is not.
  private func withPinMismatch(_ complaints: [CertificateComplaint]) -> [CertificateComplaint] {
    guard complaints.contains(where: { $0.reason == .unknownIssuer || $0.reason == .selfSignedNotTrusted }) else {
      return complaints
    }
    return [CertificateComplaint(depth: 0, certificate: leaf, reason: .pinMismatch)]
      + complaints.filter { $0.reason != .selfSignedNotTrusted }
  }

  /// Those certificates that are issuers by name of the chain's, or of one another, so that a large collection costs
  /// nothing.
  private static func fillers(of chain: [Certificate], from alsoKnown: [Certificate]) -> [Certificate] {
    guard !alsoKnown.isEmpty else { return [] }
    var found: [Certificate] = []
    var wanted = Set(chain.lazy.filter { !$0.isSelfIssued }.map(\.issuer))
    var seen = Set(chain)
    while !wanted.isEmpty, found.count < fillerLimit {
      let issuers = alsoKnown.filter { wanted.contains($0.subject) && seen.insert($0).inserted }
      found += issuers
      wanted = Set(issuers.lazy.filter { !$0.isSelfIssued }.map(\.issuer))
    }
    return Array(found.prefix(fillerLimit))
  }

  private static let fillerLimit = 64
}
