// SPDX-License-Identifier: Apache-2.0

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
      let known = anchors.memory.recall(chain, purpose, now: now)
      var findings = PathFindings(path: known?.path, complaints: [])
      if known == nil {
        let search = PathSearch(leaf: leaf, chain: chain, anchors: anchors, purpose: purpose, now: now)
        findings = try search.run(alsoKnown)
      }
      let isKnownName = name.map { known?.names.contains($0) ?? false } ?? (known != nil)
      if !isKnownName {
        let isMadeOut = try name.map { name throws(OpenSSLError) in try LeafName.matches(leaf, name) } ?? true
        if let path = findings.path { anchors.memory.remember(path, isMadeOut ? name : nil, chain, purpose) }
        if let name, !isMadeOut {
          findings.complaints.append(
            CertificateComplaint(depth: 0, certificate: leaf, reason: .nameMismatch(name)))
        }
      }
      if let path = findings.path, findings.complaints.isEmpty { return .verified(path) }
      return .rejected(findings.complaints.sorted { $0.depth < $1.depth })
    } catch {
      let reason = CertificateComplaint.Reason.unreadable(error.description)
      return .rejected([CertificateComplaint(depth: 0, certificate: leaf, reason: reason)])
    }
  }
}
