// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// Attempts, results, and next attempts with their reasons.
extension LedgerStore {
  /// Writes these schedules over what was known of them, in one transaction.
  ///
  /// A schedule goes when its subject leaves the configuration (``markPresent(_:names:at:)``).
  package func record(_ schedules: [StoredSchedule]) async throws(LedgerError) {
    try await write { database in try database.record(schedules) }
  }

  /// Like ``record(_:)`` for one schedule.
  ///
  /// - Returns: the condition that it had before, by which of several processes the one is told that ended it.
  package func replace(_ schedule: StoredSchedule) async throws(LedgerError) -> StoredSchedule.Condition? {
    try await write { database in
      let subject = schedule.key.subject
      let before = try database.one(
        ScheduleRecord.self, "\(ScheduleRecord.selection) WHERE kind = ? AND name = ? AND work = ?",
        [subject.kind.rawValue, subject.name, schedule.key.work])
      try database.record([schedule])
      return before?.schedule.condition
    }
  }

  /// Every schedule, by subject and work.
  package func schedules() async throws(LedgerError) -> [StoredSchedule] {
    try await read { database in
      try database.all(
        ScheduleRecord.self, "\(ScheduleRecord.selection) ORDER BY kind, name, work"
      ).map(\.schedule)
    }
  }
}

extension Database {
  fileprivate func record(_ schedules: [StoredSchedule]) throws {
    let writing = try cachedStatement(sql: Self.replaceSchedule)
    for schedule in schedules {
      let subject = schedule.key.subject
      let arguments: StatementArguments = [
        schedule.key.work, schedule.lastAttempt?.instant, schedule.lastSuccess?.instant, schedule.failures,
        schedule.nextAttempt?.instant, schedule.reason, schedule.condition?.name, schedule.condition?.since.instant,
        subject.kind.rawValue, subject.name,
      ]
      try writing.execute(arguments: arguments)
      if changesCount > 0 { continue }
      let firstSeen = schedule.lastAttempt ?? schedule.nextAttempt ?? Date(timeIntervalSince1970: 0)
      _ = try subjectRow(making: subject, at: firstSeen)
      try writing.execute(arguments: arguments)
    }
  }

  // Writes nothing when the subject was never recorded.
  private static let replaceSchedule = """
    INSERT OR REPLACE INTO schedule (subject, work, last_attempt, last_success, failures, next_attempt, reason,
      condition, condition_since)
    SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM subject WHERE kind = ? AND name = ?
    """
}

private struct ScheduleRecord: LedgerRecord {
  let kind: LedgerSubject.Kind
  let name: String
  let work: String
  let lastAttempt: Instant?
  let lastSuccess: Instant?
  let failures: Int
  let nextAttempt: Instant?
  let reason: String?
  let condition: String?
  let conditionSince: Instant?

  static let selection = "SELECT schedule.*, kind, name FROM schedule JOIN subject ON subject.id = schedule.subject"

  var schedule: StoredSchedule {
    StoredSchedule(
      key: ScheduleKey(work, LedgerSubject(kind, name)), lastAttempt: lastAttempt?.date,
      lastSuccess: lastSuccess?.date, failures: failures, nextAttempt: nextAttempt?.date, reason: reason,
      condition: condition.flatMap { name in conditionSince.map { StoredSchedule.Condition(name, since: $0.date) } })
  }
}
