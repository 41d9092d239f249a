// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// Generations of keystores: the intent before the act, the outcome after it.
extension LedgerStore {
  /// Writes down that a generation is going to be made, and gives it its number.
  ///
  /// - Returns: one more than the highest number that the keystore ever had.
  package func beginGeneration(_ plan: NewGeneration, at now: Date) async throws(LedgerError) -> Int {
    try await write { database in
      let keystore = try database.keystoreRow(making: plan.keystore, at: now)
      let number = max(try database.highestGeneration(of: keystore), plan.above) + 1
      try database.insertGeneration(plan, keystore: keystore, number: number, state: .intended, adopted: false, at: now)
      return number
    }
  }

  /// Records the step that a generation has taken.
  ///
  /// Making one current supersedes the one that was, and enqueues `hooks`, in the same transaction; repeating that after
  /// a crash enqueues nothing again. Then it also has to be confirmed where `origin` says how it came about.
  /// `entries` join the history with it, as ones that are to be told still.
  ///
  /// - Throws: ``LedgerError/unknownGeneration(keystore:number:)``, and
  ///   ``LedgerError/impossibleTransition(keystore:number:from:to:)`` by ``GenerationProgress/allows(_:)``.
  package func markGeneration(
    _ keystore: String, _ number: Int, _ state: GenerationProgress, hooks: [NewHook] = [],
    confirming origin: ConfirmationOrigin? = nil, telling entries: [HistoryEntry] = [], at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      let record = try database.generation(keystore, number)
      try database.mark(record, state, hooks: hooks, confirming: origin, at: now)
      try database.append(entries, untold: true)
    }
  }

  /// Withdraws the current generation and brings back an earlier one, in one transaction.
  ///
  /// The one that is in force then has to be confirmed where `origin` says how that came about. `entries` join the history
  /// with it, as ones that are to be told still.
  package func rollBackGeneration(
    _ keystore: String, from withdrawn: Int, to earlier: Int, reason: String, hooks: [NewHook] = [],
    confirming origin: ConfirmationOrigin? = nil, telling entries: [HistoryEntry] = [], at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      try database.mark(try database.generation(keystore, withdrawn), .rolledBack(reason), at: now)
      try database.mark(
        try database.generation(keystore, earlier), .current, hooks: hooks, confirming: origin, at: now)
      try database.append(entries, untold: true)
    }
  }

  /// Registers a generation that lies on disk and that the ledger does not know, as after the loss of a ledger.
  ///
  /// Adopting a current one supersedes the one that is, and enqueues `hooks`: whether they ran for it, nobody knows any
  /// more. A generation that the ledger knows stays as it is.
  ///
  /// - Parameters:
  ///   - plan: what it holds.
  ///   - number: that of its folder.
  ///   - state: current, superseded or rolled back.
  ///   - hooks: what is owed for a current one.
  ///   - now: the wall clock.
  /// - Returns: whether it was unknown.
  /// - Throws: ``LedgerError``.
  @discardableResult
  package func adoptGeneration(
    _ plan: NewGeneration, number: Int, as state: GenerationProgress, hooks: [NewHook] = [], at now: Date
  ) async throws(LedgerError) -> Bool {
    try await write { database in
      let keystore = try database.keystoreRow(making: plan.keystore, at: now)
      let known = try database.value(
        Int64.self, "SELECT id FROM generation WHERE keystore = ? AND number = ?", [keystore, number])
      if known != nil { return false }
      if state == .current { try database.supersedeGeneration(of: keystore, at: now) }
      let row = try database.insertGeneration(
        plan, keystore: keystore, number: number, state: state, adopted: true, at: now)
      if state == .current { try database.enqueueHooks(hooks, of: row, at: now) }
      return true
    }
  }

  /// Makes sure that no generation up to `number` is given out, such as that of a folder whose content is unknown.
  package func reserveGenerations(_ keystore: String, upTo number: Int, at now: Date) async throws(LedgerError) {
    try await write { database in
      let row = try database.keystoreRow(making: keystore, at: now)
      try database.run(
        "UPDATE keystore SET last_generation = max(last_generation, ?) WHERE subject = ?", [number, row])
    }
  }

  /// The generations of a keystore, newest first.
  package func generations(_ keystore: String, limit: Int) async throws(LedgerError) -> [StoredGeneration] {
    try await read { database in
      try database.all(
        GenerationRecord.self, "\(GenerationRecord.selection) WHERE subject.name = ? ORDER BY number DESC LIMIT ?",
        [keystore, limit]
      ).map { try $0.generation(in: database) }
    }
  }

  /// The generation whose files are in use, or nil when there is none.
  package func currentGeneration(_ keystore: String) async throws(LedgerError) -> StoredGeneration? {
    try await read { database in
      try database.one(
        GenerationRecord.self, "\(GenerationRecord.selection) WHERE subject.name = ? AND generation.state = 'current'",
        [keystore]
      )?.generation(in: database)
    }
  }

  /// The generations of all keystores that were begun and neither became current nor failed: what a crash left behind.
  package func openGenerations() async throws(LedgerError) -> [StoredGeneration] {
    try await read { database in
      try database.all(
        GenerationRecord.self,
        "\(GenerationRecord.selection) WHERE generation.state IN ('intended', 'staged') ORDER BY generation.id"
      ).map { try $0.generation(in: database) }
    }
  }

  /// How many generations of a keystore are remembered; their files are kept by other rules.
  package static let generationsPerKeystore = 100
  /// How many of them may be ones that were never in force; those that were come before more of these.
  package static let failedGenerationsPerKeystore = 20
}

extension Database {
  fileprivate func generation(_ keystore: String, _ number: Int) throws -> GenerationRecord {
    guard
      let record = try one(
        GenerationRecord.self, "\(GenerationRecord.selection) WHERE subject.name = ? AND number = ?",
        [keystore, number])
    else { throw LedgerError.unknownGeneration(keystore: keystore, number: number) }
    return record
  }

  fileprivate func mark(
    _ record: GenerationRecord, _ state: GenerationProgress, hooks: [NewHook] = [],
    confirming origin: ConfirmationOrigin? = nil, at now: Date
  ) throws {
    let present = try record.generationState()
    guard present.allows(state) else {
      throw LedgerError.impossibleTransition(
        keystore: record.name, number: record.number, from: present.name, to: state.name)
    }
    if present == state { return }
    if state == .current {
      // A generation that takes the place of one that was withdrawn has nothing to fall back on.
      try oweConfirmation(of: record.id, fallback: try confirmationFallback(of: record.keystore), origin)
      try supersedeGeneration(of: record.keystore, at: now)
    }
    try run(
      """
      UPDATE generation SET state = ?1, outcome = ?2, changed_at = ?3,
        current_since = CASE ?1 WHEN 'current' THEN ?3 ELSE current_since END
      WHERE id = ?4
      """, [state.name, state.outcome, now.instant, record.id])
    if state == .current { try enqueueHooks(hooks, of: record.id, at: now) }
    // What is only on its way takes no room yet.
    if state != .staged { try forgetOldGenerations(of: record.keystore) }
  }

  fileprivate func supersedeGeneration(of keystore: Int64, at now: Date) throws {
    try run(
      "UPDATE generation SET state = 'superseded', changed_at = ? WHERE keystore = ? AND state = 'current'",
      [now.instant, keystore])
  }

  /// Those that are in use, open, or have hooks to run are never forgotten.
  private func forgetOldGenerations(of keystore: Int64) throws {
    try run(
      """
      DELETE FROM generation
      WHERE keystore = ?1 AND state IN ('superseded', 'failed', 'rolled-back')
        AND (
          number <= (SELECT number FROM generation WHERE keystore = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)
          OR state = 'failed' AND number <= (
            SELECT number FROM generation WHERE keystore = ?1 AND state = 'failed' ORDER BY number DESC LIMIT 1 OFFSET ?3))
        AND NOT EXISTS (SELECT 1 FROM hook WHERE hook.generation = generation.id AND hook.state = 'pending')
      """, [keystore, LedgerStore.generationsPerKeystore, LedgerStore.failedGenerationsPerKeystore])
  }
}
