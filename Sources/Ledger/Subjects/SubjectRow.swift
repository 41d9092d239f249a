// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// The row numbers of subjects.
extension Database {
  /// The row of `subject`, or nil when it was never recorded.
  func subjectRow(_ subject: LedgerSubject) throws -> Int64? {
    try value(
      Int64.self, "SELECT id FROM subject WHERE kind = ? AND name = ?", [subject.kind.rawValue, subject.name])
  }

  /// The row of `subject`, made when it was never recorded.
  func subjectRow(making subject: LedgerSubject, at now: Date) throws -> Int64 {
    if let row = try subjectRow(subject) { return row }
    try run(
      "INSERT INTO subject (kind, name, first_seen) VALUES (?, ?, ?)",
      [subject.kind.rawValue, subject.name, now.instant])
    return lastInsertedRowID
  }
}
