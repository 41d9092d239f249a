// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// Hooks that still have to run; they are enqueued when a generation becomes current.
extension LedgerStore {
  /// The hooks that have not succeeded yet, oldest first.
  package func pendingHooks() async throws(LedgerError) -> [PendingHook] {
    try await read { database in
      try database.all(
        HookRecord.self,
        """
        SELECT hook.id, subject.name AS keystore, generation.number AS generation, arguments, deadline, attempts,
          last_attempt, next_attempt, hook.outcome, enqueued_at
        FROM hook
        JOIN generation ON generation.id = hook.generation
        JOIN subject ON subject.id = generation.keystore
        WHERE hook.state = 'pending' ORDER BY hook.id
        """
      ).map { try $0.hook() }
    }
  }

  /// Records one run of a hook.
  ///
  /// A hook that is no longer pending stays as it is.
  package func recordHook(_ id: Int64, _ result: HookRunRecord, at now: Date) async throws(LedgerError) {
    let (state, nextAttempt, finished): (String, Date, Date?) =
      switch result.next {
      case .done: ("succeeded", now, now)
      case .retry(let time): ("pending", time, nil)
      case .abandon: ("abandoned", now, now)
      }
    try await write { database in
      try database.run(
        """
        UPDATE hook SET state = ?, attempts = ?, last_attempt = ?, next_attempt = ?, outcome = ?, exit_status = ?,
          finished_at = ?
        WHERE id = ? AND state = 'pending'
        """,
        [
          state, result.attempts, now.instant, nextAttempt.instant, result.outcome, result.exitStatus,
          finished?.instant, id,
        ])
    }
  }
}

extension Database {
  /// Adds the hooks of a generation; older pending ones of the same keystore with equal arguments need not run any more.
  func enqueueHooks(_ hooks: [NewHook], of generation: Int64, at now: Date) throws {
    for hook in hooks {
      let arguments = try JSONText.encode(hook.arguments)
      try run(
        """
        UPDATE hook SET state = 'superseded', finished_at = ?1
        WHERE state = 'pending' AND arguments = ?2 AND generation <> ?3
          AND generation IN (SELECT id FROM generation
            WHERE keystore = (SELECT keystore FROM generation WHERE id = ?3))
        """, [now.instant, arguments, generation])
      try run(
        """
        INSERT INTO hook (generation, arguments, deadline, state, attempts, next_attempt, enqueued_at)
        VALUES (?1, ?2, ?3, 'pending', 0, ?4, ?4)
        """, [generation, arguments, max(1, hook.deadline.wholeMilliseconds), now.instant])
    }
  }
}

private struct HookRecord: LedgerRecord {
  let id: Int64
  let keystore: String
  let generation: Int
  let arguments: String
  let deadline: Int64
  let attempts: Int
  let lastAttempt: Instant?
  let nextAttempt: Instant
  let outcome: String?
  let enqueuedAt: Instant

  func hook() throws -> PendingHook {
    PendingHook(
      id: id, keystore: keystore, generation: generation,
      arguments: try JSONText.decode([String].self, from: arguments), deadline: .milliseconds(deadline),
      attempts: attempts, lastAttempt: lastAttempt?.date, nextAttempt: nextAttempt.date, outcome: outcome,
      enqueuedAt: enqueuedAt.date)
  }
}
