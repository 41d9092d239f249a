// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB

/// A certificate that a keystore trusts, and when its endpoints and bundles needed it.
package struct StoredTrustMember: Sendable, Equatable {
  package var certificate: Certificate
  package var firstNeeded: Date
  /// When it stopped being needed, from where the overlap counts; nil as long as it is needed.
  package var lastNeeded: Date?

  package init(certificate: Certificate, firstNeeded: Date, lastNeeded: Date? = nil) {
    self.certificate = certificate
    self.firstNeeded = firstNeeded
    self.lastNeeded = lastNeeded
  }
}

/// What keystores trust, also while an endpoint no longer needs it.
extension LedgerStore {
  /// Remembers whom a keystore trusts from now on; whoever is not among `members` is forgotten.
  package func replaceTrust(
    _ keystore: String, _ members: [StoredTrustMember], at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      let keystore = try database.keystoreRow(making: keystore, at: now)
      try database.run("DELETE FROM trust_member WHERE keystore = ?", [keystore])
      for member in members {
        try database.run(
          "INSERT INTO trust_member (keystore, certificate, first_needed, last_needed) VALUES (?, ?, ?, ?)",
          [
            keystore, try database.certificateRow(making: member.certificate, at: now), member.firstNeeded.instant,
            member.lastNeeded?.instant,
          ])
      }
    }
  }

  /// Whom a keystore trusts, in the order in which they were needed first.
  package func trustMembers(_ keystore: String) async throws(LedgerError) -> [StoredTrustMember] {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.keystore, keystore)) else { return [] }
      return try database.all(
        TrustRecord.self,
        """
        SELECT der, first_needed, last_needed
        FROM trust_member JOIN certificate ON certificate.id = trust_member.certificate
        WHERE keystore = ? ORDER BY first_needed, fingerprint
        """, [row]
      ).map { record in
        StoredTrustMember(
          certificate: try Database.certificate(stored: record.der), firstNeeded: record.firstNeeded.date,
          lastNeeded: record.lastNeeded?.date)
      }
    }
  }
}

private struct TrustRecord: LedgerRecord {
  let der: Data
  let firstNeeded: Instant
  let lastNeeded: Instant?
}
