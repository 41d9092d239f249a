// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials

/// One call of ``PathBuilder/build(chain:anchors:alsoKnown:name:purpose:now:)`` without the name.
struct PathSearch {
  let leaf: Certificate
  let chain: [Certificate]
  let anchors: TrustAnchors
  let purpose: PathBuilder.Purpose
  let now: Date

  func run(_ alsoKnown: [Certificate]) throws(OpenSSLError) -> PathFindings {
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
    if findings.path == nil, findings.complaints.contains(where: { $0.reason == .badSignature }),
      let narrowed = try anchors.withoutIdleNamesakes(for: pool.certificates)
    {
      let again = try verify(pool, narrowed)
      if again.path != nil { findings = again }
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

  /// Those certificates that issued one of the chain's, or one of each other.
  ///
  /// Names find the candidates, so that a large collection costs nothing; the signature decides, since a stranger may
  /// have sent namesakes of an issuer to keep it from being found.
  private static func fillers(
    of chain: [Certificate], from alsoKnown: [Certificate]
  ) -> [Certificate] {
    var found: [Certificate] = []
    var seen = Set(chain)
    var children = chain
    while !children.isEmpty, found.count < fillerLimit {
      let byIssuer = Dictionary(grouping: children.filter { !$0.isSelfIssued }, by: \.issuer)
      children = []
      for candidate in alsoKnown {
        guard let issued = byIssuer[candidate.subject], seen.insert(candidate).inserted else { continue }
        for child in issued where IssuerSignature.isGenuine(on: child, by: candidate) {
          children.append(candidate)
          break
        }
      }
      found += children
    }
    return Array(found.prefix(fillerLimit))
  }

  private static let fillerLimit = 64
}
