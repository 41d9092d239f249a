// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB

/// Certificates that were seen, received or trusted.
extension LedgerStore {
  /// Keeps these certificates for whoever asks for them by fingerprint.
  package func remember(_ certificates: [Certificate], at now: Date) async throws(LedgerError) {
    try await write { database in
      for certificate in certificates { _ = try database.certificateRow(making: certificate, at: now) }
    }
  }

  /// Those of these certificates that the ledger holds.
  package func certificates(
    _ fingerprints: Set<Fingerprint>
  ) async throws(LedgerError) -> [Fingerprint: Certificate] {
    try await read { database in
      var found: [Fingerprint: Certificate] = [:]
      for fingerprint in fingerprints {
        found[fingerprint] = try database.value(
          Data.self, "SELECT der FROM certificate WHERE fingerprint = ?", [Data(fingerprint.bytes)]
        ).map(Database.certificate(stored:))
      }
      return found
    }
  }

  /// Certificates with this subject, as issuers that a server may have left out; newest first, at most `limit`.
  ///
  /// The subject is given as `DistinguishedName.description` writes it.
  package func certificates(withSubject subject: String, limit: Int) async throws(LedgerError) -> [Certificate] {
    try await read { database in
      try database.values(
        Data.self, "SELECT der FROM certificate WHERE subject = ? ORDER BY not_before DESC LIMIT ?", [subject, limit]
      ).map(Database.certificate(stored:))
    }
  }
}
