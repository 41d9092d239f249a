// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// What is known of one endpoint.
package struct EndpointState: Sendable, Equatable {
  package var schedule: Schedule
  /// Whether it was probed at least once since it is tracked, whatever came of it.
  package var attempted: Bool
  /// The path that was verified last; a failing endpoint keeps it.
  package var verifiedPath: PathState?
  /// Until when certificates of other paths that verified lately stay trusted, however short the overlap.
  ///
  /// A server that sends two chains in turn, as behind a load balancer, sends the other one again soon.
  package var lately: [Fingerprint: Date]
  /// One sentence about the failure that lasts; `nil` while the endpoint answers and verifies.
  package var currentlyFailing: String?

  package init(
    schedule: Schedule = .untouched, attempted: Bool = false, verifiedPath: PathState? = nil,
    lately: [Fingerprint: Date] = [:], currentlyFailing: String? = nil
  ) {
    self.schedule = schedule
    self.attempted = attempted
    self.verifiedPath = verifiedPath
    self.lately = lately
    self.currentlyFailing = currentlyFailing
  }

  /// Remembers another path than the last one, for three of its endpoint's intervals after it verified.
  package mutating func remember(_ path: PathState, refetchedEvery interval: Duration, now: Date) {
    // A time ahead of the clock comes from a clock that ran ahead, and would keep the path for too long.
    let end = min(path.verifiedAt, now).addingTimeInterval(Self.looksRemembered * Cadence.seconds(interval))
    for certificate in path.issuers + [path.leaf, path.root] {
      lately[certificate.fingerprint] = max(end, lately[certificate.fingerprint] ?? end)
    }
  }

  /// How many looks a path is remembered; an interval lasts up to a tenth longer than it is configured.
  package static let looksRemembered = 3 * (1 + Jitter.spread)
}

/// A path that was verified.
package struct PathState: Sendable, Equatable {
  package var leaf: KnownCertificate
  /// What lies between, in the order of the path.
  package var issuers: [KnownCertificate]
  package var root: KnownCertificate
  package var verifiedAt: Date

  package init(leaf: KnownCertificate, issuers: [KnownCertificate], root: KnownCertificate, verifiedAt: Date) {
    self.leaf = leaf
    self.issuers = issuers
    self.root = root
    self.verifiedAt = verifiedAt
  }

  /// The end of the certificate that ends first.
  package var notAfter: Date { issuers.reduce(min(leaf.notAfter, root.notAfter)) { min($0, $1.notAfter) } }
}
