// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// Which subjects the configuration names.
extension LedgerStore {
  /// Tells which subjects of `kind` the configuration names now.
  ///
  /// Those it no longer names are marked as removed and lose their schedules; their history stays. Those that come back are no longer marked.
  ///
  /// - Returns: the names that were marked as removed by this call, in order.
  @discardableResult
  package func markPresent(
    _ kind: LedgerSubject.Kind, names: Set<String>, at now: Date
  ) async throws(LedgerError) -> [String] {
    try await write { database in
      for name in names.sorted() {
        let row = try database.subjectRow(making: LedgerSubject(kind, name), at: now)
        try database.run("UPDATE subject SET removed_at = NULL WHERE id = ? AND removed_at IS NOT NULL", [row])
      }
      let known = try database.values(
        String.self, "SELECT name FROM subject WHERE kind = ? AND removed_at IS NULL ORDER BY name",
        [kind.rawValue])
      let gone = known.filter { !names.contains($0) }
      for name in gone {
        try database.run(
          "UPDATE subject SET removed_at = ? WHERE kind = ? AND name = ?", [now.instant, kind.rawValue, name])
        try database.run(
          "DELETE FROM schedule WHERE subject = (SELECT id FROM subject WHERE kind = ? AND name = ?)",
          [kind.rawValue, name])
      }
      return gone
    }
  }

  /// The subjects of `kind` that the ledger has records of, by name, with the time they left the configuration.
  package func subjects(_ kind: LedgerSubject.Kind) async throws(LedgerError) -> [(name: String, removedAt: Date?)] {
    try await read { database in
      try database.all(
        SubjectRecord.self, "SELECT name, removed_at FROM subject WHERE kind = ? ORDER BY name", [kind.rawValue]
      ).map { ($0.name, $0.removedAt?.date) }
    }
  }
}

private struct SubjectRecord: LedgerRecord {
  let name: String
  let removedAt: Instant?
}
