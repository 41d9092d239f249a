// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// What a round of housekeeping removed.
package struct HousekeepingReport: Sendable, Equatable {
  /// Certificates that nothing referred to any more.
  package var certificates: Int
  /// Alerts that were raised long ago.
  package var alerts: Int
  /// Hooks that were finished long ago.
  package var hooks: Int
}

extension LedgerStore {
  /// Removes what nothing needs any more; meant to run once a day.
  ///
  /// Bounded, so that it never holds the ledger for long: at most `limit` of each kind go in one call.
  package func housekeep(at now: Date, limit: Int = 1_000) async throws(LedgerError) -> HousekeepingReport {
    let longAgo = now.addingTimeInterval(-Self.remembranceSeconds).instant
    return try await write { database in
      func removing(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try database.run(sql, arguments)
        return database.changesCount
      }
      _ = try removing(Self.unusedLists, [limit])
      let certificates = try removing(Self.unusedCertificates, [limit])
      let alerts = try removing(
        """
        DELETE FROM alert WHERE (subject, role, certificate, mark) IN (
          SELECT subject, role, certificate, mark FROM alert WHERE raised_at < ? LIMIT ?)
        """, [longAgo, limit])
      let hooks = try removing(
        """
        DELETE FROM hook WHERE id IN (
          SELECT id FROM hook WHERE finished_at < ? LIMIT ?)
        """, [longAgo, limit])
      return HousekeepingReport(certificates: certificates, alerts: alerts, hooks: hooks)
    }
  }

  /// 400 days: longer than the longest service key lives.
  private static let remembranceSeconds: TimeInterval = 400 * 86_400

  private static let unusedLists = """
    DELETE FROM certificate_list WHERE id IN (
      SELECT id FROM certificate_list AS list
      WHERE NOT EXISTS (SELECT 1 FROM observation WHERE chain = list.id)
        AND NOT EXISTS (SELECT 1 FROM observation WHERE path = list.id)
        AND NOT EXISTS (SELECT 1 FROM identity WHERE issuers = list.id)
        AND NOT EXISTS (SELECT 1 FROM adoption WHERE trust = list.id)
        AND NOT EXISTS (SELECT 1 FROM login_certificate WHERE chain = list.id)
      LIMIT ?)
    """

  private static let unusedCertificates = """
    DELETE FROM certificate WHERE id IN (
      SELECT id FROM certificate AS candidate
      WHERE NOT EXISTS (SELECT 1 FROM certificate_list_member WHERE certificate = candidate.id)
        AND NOT EXISTS (SELECT 1 FROM identity WHERE leaf = candidate.id)
        AND NOT EXISTS (SELECT 1 FROM trust_member WHERE certificate = candidate.id)
        AND fingerprint NOT IN (SELECT fingerprint FROM generation_trust)
        AND fingerprint NOT IN (SELECT leaf FROM generation WHERE leaf IS NOT NULL)
      LIMIT ?)
    """
}
