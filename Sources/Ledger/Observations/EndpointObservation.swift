// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// What came of fetching one endpoint once.
package struct EndpointObservation: Sendable, Equatable {
  /// The endpoint's name in the configuration.
  package var endpoint: String
  package var verdict: ObservedVerdict
  /// What the server sent, in its own order; empty when nothing arrived, which only a failure may be.
  package var chain: [Certificate]
  /// Whether the addresses of the endpoint sent different chains.
  package var disagreement: Bool

  package init(endpoint: String, verdict: ObservedVerdict, chain: [Certificate], disagreement: Bool = false) {
    self.endpoint = endpoint
    self.verdict = verdict
    self.chain = chain
    self.disagreement = disagreement
  }
}

/// Whether a chain was obtained and how it was judged.
package enum ObservedVerdict: Sendable, Equatable {
  /// The chain verified; the path leads from the leaf to its anchor.
  case verified(path: CertificatePath)
  /// A chain arrived that does not verify.
  case rejected(ObservedFault)
  /// The exchange failed, with or without a chain.
  case failed(ObservedFault)
}

/// Why an endpoint was rejected or failed.
package struct ObservedFault: Sendable, Equatable {
  package var culprit: Culprit
  /// One sentence.
  ///
  /// Two observations with different sentences count as different, so it must hold nothing that varies from
  /// one attempt to the next, such as a time that was measured. Only the first 500 characters are kept.
  package var reason: String

  package init(_ culprit: Culprit, _ reason: String) {
    self.culprit = culprit
    self.reason = String(reason.prefix(Self.reasonLimit))
  }

  static let reasonLimit = 500
}

/// What the ledger knew about an endpoint before an observation was recorded.
package enum ObservationOutcome: Sendable, Equatable {
  /// It was never observed before.
  case first
  /// The previous observation said the same; `count` includes this one, `since` is when it said so first.
  case same(count: Int, since: Date)
  case changed(previous: StoredObservation)
}

/// An observation with how often, and from when to when, it was made.
package struct StoredObservation: Sendable, Equatable {
  package var observation: EndpointObservation
  /// When it was made for the first time in this row.
  package var firstSeen: Date
  /// When it was made for the last time before another one took its place.
  package var lastSeen: Date
  package var count: Int
}

/// The last path that verified for an endpoint, even when the endpoint fails now.
package struct VerifiedPath: Sendable, Equatable {
  package var path: CertificatePath
  /// What the server sent then.
  package var chain: [Certificate]
  /// When it verified for the last time.
  package var at: Date
}
