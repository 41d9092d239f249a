// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import OpenSSLBridge

/// An endpoint that a consumer would not trust, with the trust list of a keystore as its only anchors.
package struct TrustGap: Hashable, Sendable {
  /// The name of the endpoint.
  package let endpoint: String
  /// What is wrong with the chain that the endpoint sends, as a sentence.
  package let reason: String
  /// The issuer that neither the server sends nor the trust list holds; nil when something else is wrong.
  package let missing: DistinguishedName?
  /// What is known of that issuer.
  package let place: Place

  /// Where an issuer stands in the way by which the chain verified.
  package enum Place: Hashable, Sendable {
    /// It ends it; servers do not send it.
    case root
    /// It comes before the root, and the server should send it.
    case intermediate
    /// It is not in it, or no way is known: it may be either.
    case unknown
  }

  package init(endpoint: String, reason: String, missing: DistinguishedName? = nil, place: Place = .unknown) {
    self.endpoint = endpoint
    self.reason = reason
    self.missing = missing
    self.place = place
  }
}

extension TrustGap: CustomStringConvertible {
  /// One sentence for an operator, without the keystore's name.
  package var description: String {
    "with its trust list alone a consumer would not trust the endpoint \(endpoint): \(reason)"
  }
}

extension KeystoreJudge {
  /// What an endpoint sends; a consumer with the keystore in hand will be shown this.
  package struct EndpointChain: Sendable {
    package let name: String
    /// As the server sent it, leaf first; must not be empty.
    package let chain: [Certificate]
    /// What the leaf has to be made out to; `nil` leaves that out.
    package let serverName: ServerName?
    /// The way by which the chain verified against the endpoint's own anchors, leaf first; empty when it did not.
    package let path: [Certificate]
    /// When it did so; `nil` judges the chain by the time of the judgement.
    fileprivate let verifiedAt: Date?

    /// A chain as the endpoint sends it now: its times and its name count.
    package init(name: String, chain: [Certificate], serverName: ServerName?, path: [Certificate] = []) {
      (self.name, self.chain, self.serverName, self.path) = (name, chain, serverName, path)
      verifiedAt = nil
    }

    /// A chain that verified at `verifiedAt`, UTC, by `path`.
    ///
    /// Only the trust list is judged by it. That the server's certificate has ended since, or that it is made out to
    /// another name than the settings have now, is no fault of the list. What the server leaves out, the list has to
    /// hold: certrotd may have found it elsewhere for the path, but a consumer will not.
    package init(name: String, chain: [Certificate], path: [Certificate], verifiedAt: Date) {
      (self.name, self.chain, serverName) = (name, chain, nil)
      (self.path, self.verifiedAt) = (path, verifiedAt)
    }
  }

  /// The endpoints that a trust list alone, as the only anchors, does not verify by what each sends.
  ///
  /// - Parameters:
  ///   - trust: The trust list.
  ///   - endpoints: What is sent.
  ///   - now: The time at which chains that are sent now must be valid. UTC.
  /// - Returns: In the order of `endpoints`; empty when the list verifies all.
  package static func gaps(
    in trust: [Certificate], towards endpoints: [EndpointChain], now: Date
  ) -> [TrustGap] {
    guard !endpoints.isEmpty else { return [] }
    // One set for all, since many endpoints send the same issuers.
    let anchors = Result { try TrustAnchors.bundle(trust) }
    return endpoints.compactMap { endpoint in
      do {
        // What has ended is in no trust list, and has no successor before the server shows one.
        let ended = endpoint.verifiedAt == nil ? [] : endpoint.path.dropFirst().filter { $0.validity.notAfter <= now }
        let verdict = PathBuilder.build(
          chain: endpoint.chain, anchors: try ended.isEmpty ? anchors.get() : TrustAnchors.bundle(trust + ended),
          name: endpoint.serverName, purpose: .server, now: endpoint.verifiedAt ?? now)
        return verdict.path == nil ? gap(endpoint, verdict) : nil
      } catch {
        return TrustGap(endpoint: endpoint.name, reason: String(describing: error))
      }
    }
  }

  /// The endpoints that a trust list verifies and another in its place would not.
  ///
  /// - Parameters:
  ///   - gaps: Those of the new list, ``gaps(in:towards:now:)``.
  ///   - old: The list in force.
  ///   - endpoints: What is sent.
  ///   - now: As for the new list.
  /// - Returns: What would be lost; the rest of `gaps` is no worse than what is in force.
  package static func losses(
    among gaps: [TrustGap], replacing old: [Certificate], towards endpoints: [EndpointChain], now: Date
  ) -> [TrustGap] {
    let names = Set(gaps.map(\.endpoint))
    let open = Set(self.gaps(in: old, towards: endpoints.filter { names.contains($0.name) }, now: now).map(\.endpoint))
    return gaps.filter { !open.contains($0.endpoint) }
  }

  private static func gap(_ endpoint: EndpointChain, _ verdict: PathVerdict) -> TrustGap {
    let missing = verdict.complaints.first { $0.reason == .unknownIssuer }?.certificate?.issuer
    let place: TrustGap.Place =
      if let missing, endpoint.path.last?.subject == missing {
        .root
      } else if let missing, endpoint.path.dropFirst().contains(where: { $0.subject == missing }) {
        .intermediate
      } else {
        .unknown
      }
    return TrustGap(endpoint: endpoint.name, reason: verdict.description, missing: missing, place: place)
  }
}
