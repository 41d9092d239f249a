// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB

/// A row of `generation` with the name of its keystore.
struct GenerationRecord: LedgerRecord {
  let id: Int64
  let keystore: Int64
  let name: String
  let number: Int
  let state: String
  let recipe: String
  let reason: String
  let outcome: String?
  let leaf: Data?
  let adopted: Bool
  let begunAt: Instant
  let currentSince: Instant?
  let changedAt: Instant

  static let selection = """
    SELECT generation.*, subject.name
    FROM generation JOIN subject ON subject.id = generation.keystore AND subject.kind = 'keystore'
    """

  func generationState() throws -> GenerationProgress {
    guard let state = GenerationProgress(name: state, outcome: outcome) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "generation \(number) of \(name) is \(state)")
    }
    return state
  }

  func generation(in database: Database) throws -> StoredGeneration {
    let trust = try database.values(
      Data.self, "SELECT fingerprint FROM generation_trust WHERE generation = ? ORDER BY fingerprint", [id])
    return StoredGeneration(
      keystore: name, number: number, state: try generationState(), recipe: recipe, reason: reason,
      leaf: leaf.flatMap { Fingerprint(bytes: $0) }, trust: trust.compactMap { Fingerprint(bytes: $0) },
      adopted: adopted, begunAt: begunAt.date, currentSince: currentSince?.date, changedAt: changedAt.date)
  }
}

extension Database {
  /// The row of a keystore, made when it was never recorded.
  func keystoreRow(making name: String, at now: Date) throws -> Int64 {
    let row = try subjectRow(making: LedgerSubject(.keystore, name), at: now)
    try run("INSERT OR IGNORE INTO keystore (subject, last_generation) VALUES (?, 0)", [row])
    return row
  }

  /// The highest number that the keystore ever gave out, 0 when none.
  func highestGeneration(of keystore: Int64) throws -> Int {
    try value(Int.self, "SELECT last_generation FROM keystore WHERE subject = ?", [keystore]) ?? 0
  }

  @discardableResult
  func insertGeneration(
    _ plan: NewGeneration, keystore: Int64, number: Int, state: GenerationProgress, adopted: Bool, at now: Date
  ) throws -> Int64 {
    try run(
      """
      INSERT INTO generation
        (keystore, number, state, recipe, reason, leaf, adopted, begun_at, current_since, changed_at, outcome)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, CASE ?3 WHEN 'current' THEN ?8 END, ?8, ?9)
      """,
      [
        keystore, number, state.name, plan.recipe, plan.reason, plan.leaf.map { Data($0.bytes) }, adopted,
        now.instant, state.outcome,
      ])
    let row = lastInsertedRowID
    for fingerprint in Set(plan.trust) {
      try run(
        "INSERT INTO generation_trust (generation, fingerprint) VALUES (?, ?)", [row, Data(fingerprint.bytes)])
    }
    try run(
      "UPDATE keystore SET last_generation = max(last_generation, ?) WHERE subject = ?", [number, keystore])
    return row
  }
}
