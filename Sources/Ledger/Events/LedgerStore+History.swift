// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// What happened, for each subject; it stays when the subject leaves the configuration.
extension LedgerStore {
  /// Appends entries in one transaction; each subject keeps its 1,000 newest.
  package func append(_ entries: [HistoryEntry]) async throws(LedgerError) {
    try await write { database in
      var subjects: Set<Int64> = []
      for entry in entries {
        let subject = try database.subjectRow(making: entry.subject, at: entry.at)
        try database.run(
          "INSERT INTO history (subject, at, event, message, fields) VALUES (?, ?, ?, ?, ?)",
          [
            subject, entry.at.instant, entry.event, String(entry.message.prefix(Self.messageLimit)),
            try JSONText.encode(entry.fields),
          ])
        subjects.insert(subject)
      }
      for subject in subjects {
        try database.run(
          """
          DELETE FROM history WHERE subject = ?1
            AND id <= (SELECT id FROM history WHERE subject = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
          """, [subject, Self.entriesPerSubject])
      }
    }
  }

  /// The newest entries of a subject, newest first.
  package func history(_ subject: LedgerSubject, limit: Int) async throws(LedgerError) -> [HistoryEntry] {
    try await read { database in
      guard let row = try database.subjectRow(subject) else { return [] }
      return try database.all(
        HistoryRecord.self,
        "SELECT at, event, message, fields FROM history WHERE subject = ? ORDER BY id DESC LIMIT ?", [row, limit]
      ).map { record in
        HistoryEntry(
          at: record.at.date, subject: subject, event: record.event, message: record.message,
          fields: try JSONText.decode([String: String].self, from: record.fields))
      }
    }
  }

  static let entriesPerSubject = 1_000
  private static let messageLimit = 4_000
}

private struct HistoryRecord: LedgerRecord {
  let at: Instant
  let event: String
  let message: String
  let fields: String
}
