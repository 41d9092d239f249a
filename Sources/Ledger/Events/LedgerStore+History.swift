// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB

/// What happened, for each subject; it stays when the subject leaves the configuration.
extension LedgerStore {
  /// Appends entries in one transaction; each subject keeps its 1,000 newest.
  package func append(_ entries: [HistoryEntry]) async throws(LedgerError) {
    try await write { database in try database.append(entries, untold: false) }
  }

  /// The entries that were recorded together with what happened, and that nobody has been told of yet, oldest first.
  package func untoldHistory() async throws(LedgerError) -> [HistoryEntry] {
    try await read { database in
      try database.all(
        UntoldRecord.self,
        """
        SELECT kind, name, at, event, message, fields FROM history JOIN subject ON subject.id = history.subject
        WHERE untold = 1 ORDER BY history.id
        """
      ).map { record in
        HistoryEntry(
          at: record.at.date, subject: LedgerSubject(record.kind, record.name), event: record.event,
          message: record.message, fields: try JSONText.decode([String: String].self, from: record.fields))
      }
    }
  }

  /// Records that these entries were told; those that were told already do not matter.
  package func markTold(_ entries: [HistoryEntry]) async throws(LedgerError) {
    try await write { database in
      for entry in entries {
        guard let subject = try database.subjectRow(entry.subject) else { continue }
        try database.run(
          "UPDATE history SET untold = 0 WHERE untold = 1 AND subject = ? AND event = ? AND message = ?",
          [subject, entry.event, entry.keptMessage])
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
}

extension Database {
  /// Appends entries that were told, or that whoever records them tells afterwards.
  func append(_ entries: [HistoryEntry], untold: Bool) throws {
    var subjects: Set<Int64> = []
    for entry in entries {
      let subject = try subjectRow(making: entry.subject, at: entry.at)
      try run(
        "INSERT INTO history (subject, at, event, message, fields, untold) VALUES (?, ?, ?, ?, ?, ?)",
        [
          subject, entry.at.instant, entry.event, entry.keptMessage, try JSONText.encode(entry.fields), untold,
        ])
      subjects.insert(subject)
    }
    for subject in subjects {
      try run(
        """
        DELETE FROM history WHERE subject = ?1
          AND id <= (SELECT id FROM history WHERE subject = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
        """, [subject, LedgerStore.entriesPerSubject])
    }
  }
}

extension HistoryEntry {
  fileprivate var keptMessage: String { String(message.prefix(4_000)) }
}

private struct HistoryRecord: LedgerRecord {
  let at: Instant
  let event: String
  let message: String
  let fields: String
}

private struct UntoldRecord: LedgerRecord {
  let kind: LedgerSubject.Kind
  let name: String
  let at: Instant
  let event: String
  let message: String
  let fields: String
}
