// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB

/// The client certificates that certrotd logs in to platforms with.
extension LedgerStore {
  /// Records what a service key's platform is logged in to with, leaf first; empty for a login without certificate.
  package func recordLoginCertificates(
    _ chain: [Certificate], of serviceKey: String, at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      let subject = try database.subjectRow(making: LedgerSubject(.serviceKey, serviceKey), at: now)
      guard let list = try database.certificateListRow(making: chain, at: now) else {
        return try database.run("DELETE FROM login_certificate WHERE subject = ?", [subject])
      }
      try database.run(
        """
        INSERT INTO login_certificate (subject, chain) VALUES (?, ?)
        ON CONFLICT (subject) DO UPDATE SET chain = excluded.chain
        """, [subject, list])
    }
  }

  /// What a service key's platform was logged in to with last, leaf first; empty for a login without certificate.
  package func loginCertificates(of serviceKey: String) async throws(LedgerError) -> [Certificate] {
    try await read { database in
      guard let subject = try database.subjectRow(LedgerSubject(.serviceKey, serviceKey)) else { return [] }
      let list = try database.value(Int64.self, "SELECT chain FROM login_certificate WHERE subject = ?", [subject])
      return try database.certificates(inList: list)
    }
  }
}
