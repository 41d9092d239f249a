// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What is known of one endpoint.
package struct EndpointState: Sendable, Equatable {
  package var schedule: Schedule
  /// Whether it was probed at least once since it is tracked, whatever came of it.
  package var attempted: Bool
  /// The path that was verified last; a failing endpoint keeps it.
  package var verifiedPath: PathState?
  /// One sentence about the failure that lasts; `nil` while the endpoint answers and verifies.
  package var currentlyFailing: String?

  package init(
    schedule: Schedule = .untouched, attempted: Bool = false, verifiedPath: PathState? = nil,
    currentlyFailing: String? = nil
  ) {
    self.schedule = schedule
    self.attempted = attempted
    self.verifiedPath = verifiedPath
    self.currentlyFailing = currentlyFailing
  }
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
