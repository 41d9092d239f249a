// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// Attempts, results, and next attempts with their reasons.
extension LedgerStore {
  /// Writes these schedules over what was known of them, in one transaction.
  ///
  /// A schedule goes when its subject leaves the configuration (``markPresent(_:names:at:)``).
  package func record(_ schedules: [StoredSchedule]) async throws(LedgerError) {
    try await write { database in
      let writing = try database.cachedStatement(sql: Self.replaceSchedule)
      for schedule in schedules {
        let subject = schedule.key.subject
        let arguments: StatementArguments = [
          schedule.key.work, schedule.lastAttempt?.instant, schedule.lastSuccess?.instant, schedule.failures,
          schedule.nextAttempt?.instant, schedule.reason, schedule.outcome, schedule.condition?.name,
          schedule.condition?.since.instant, subject.kind.rawValue, subject.name,
        ]
        try writing.execute(arguments: arguments)
        if database.changesCount > 0 { continue }
        let firstSeen = schedule.lastAttempt ?? schedule.nextAttempt ?? Date(timeIntervalSince1970: 0)
        _ = try database.subjectRow(making: subject, at: firstSeen)
        try writing.execute(arguments: arguments)
      }
    }
  }

  // Writes nothing when the subject was never recorded.
  private static let replaceSchedule = """
    INSERT OR REPLACE INTO schedule (subject, work, last_attempt, last_success, failures, next_attempt, reason,
      outcome, condition, condition_since)
    SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM subject WHERE kind = ? AND name = ?
    """

  /// Every schedule, by subject and work.
  package func schedules() async throws(LedgerError) -> [StoredSchedule] {
    try await read { database in
      try database.all(
        ScheduleRecord.self,
        """
        SELECT schedule.*, kind, name FROM schedule JOIN subject ON subject.id = schedule.subject
        ORDER BY kind, name, work
        """
      ).map(\.schedule)
    }
  }
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
  let outcome: String?
  let condition: String?
  let conditionSince: Instant?

  var schedule: StoredSchedule {
    StoredSchedule(
      key: ScheduleKey(work, LedgerSubject(kind, name)), lastAttempt: lastAttempt?.date,
      lastSuccess: lastSuccess?.date, failures: failures, nextAttempt: nextAttempt?.date, reason: reason,
      outcome: outcome,
      condition: condition.flatMap { name in conditionSince.map { StoredSchedule.Condition(name, since: $0.date) } })
  }
}
