// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB

/// Whether the files in force were tried, and what came of it.
extension LedgerStore {
  /// What is recorded of the generation in force; nil when nothing is.
  package func confirmation(of keystore: String) async throws(LedgerError) -> StoredConfirmation? {
    try await read { database in
      try database.one(
        ConfirmationRecord.self, "\(ConfirmationRecord.selection) AND generation.state = 'current'", [keystore]
      )?.confirmation()
    }
  }

  /// What is recorded of a generation; nil when nothing is.
  package func confirmation(of keystore: String, _ number: Int) async throws(LedgerError) -> StoredConfirmation? {
    try await read { database in
      try database.one(
        ConfirmationRecord.self, "\(ConfirmationRecord.selection) AND generation.number = ?", [keystore, number]
      )?.confirmation()
    }
  }

  /// What is recorded of generations that made room, and was not told yet, oldest first.
  package func withdrawals(of keystore: String) async throws(LedgerError) -> [(number: Int, StoredConfirmation)] {
    try await read { database in
      try database.all(
        WithdrawalRecord.self,
        """
        \(ConfirmationRecord.selection) AND generation.state = 'rolled-back' AND confirmation.state = 'withdrawing'
        ORDER BY generation.id
        """, [keystore]
      ).map { ($0.number, try $0.confirmation.confirmation()) }
    }
  }

  /// Forgets what is recorded of a generation that is not in force: an operator was told of it.
  package func forgetConfirmation(of keystore: String, _ number: Int) async throws(LedgerError) {
    try await write { database in
      try database.run(
        """
        DELETE FROM confirmation WHERE generation IN (
          SELECT generation.id FROM generation JOIN subject ON subject.id = generation.keystore
          WHERE subject.kind = 'keystore' AND subject.name = ? AND generation.number = ? AND generation.state <> 'current')
        """, [keystore, number])
    }
  }

  /// Writes `confirmation` over what was known of a generation, as long as that is in force.
  ///
  /// - Returns: whether it is.
  package func record(
    _ confirmation: StoredConfirmation, of keystore: String, _ number: Int
  ) async throws(LedgerError) -> Bool {
    try await write { database in
      let generation = try database.value(
        Int64.self,
        """
        SELECT generation.id FROM generation JOIN subject ON subject.id = generation.keystore AND subject.kind = 'keystore'
        WHERE subject.name = ? AND generation.number = ? AND generation.state = 'current'
        """, [keystore, number])
      guard let generation else { return false }
      try database.replaceConfirmation(of: generation, with: confirmation)
      return true
    }
  }
}

extension Database {
  /// What becomes of a generation's confirmation when it is put in force; nothing is owed where `origin` is nil.
  func oweConfirmation(of generation: Int64, fallback: Int?, _ origin: ConfirmationOrigin?) throws {
    guard let origin else { return try run("DELETE FROM confirmation WHERE generation = ?", [generation]) }
    try replaceConfirmation(of: generation, with: StoredConfirmation(origin: origin, fallback: fallback))
  }

  /// The generation that comes back when the next one of a keystore is refused: the one in force, or where that one is new
  /// and was not confirmed, the one that would come back in its place.
  func confirmationFallback(of keystore: Int64) throws -> Int? {
    try value(
      Int.self,
      """
      SELECT CASE WHEN confirmation.origin = 'written' AND confirmation.state <> 'confirmed'
        THEN confirmation.fallback ELSE generation.number END
      FROM generation LEFT JOIN confirmation ON confirmation.generation = generation.id
      WHERE generation.keystore = ? AND generation.state = 'current'
      """, [keystore])
  }

  fileprivate func replaceConfirmation(of generation: Int64, with confirmation: StoredConfirmation) throws {
    try run(
      """
      INSERT OR REPLACE INTO confirmation (generation, origin, fallback, state, since, spent, attempts, last_attempt,
        finding, culprit, reason, obstacle, told)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        generation, confirmation.origin.rawValue, confirmation.fallback, confirmation.state.rawValue,
        confirmation.since?.instant, max(0, confirmation.spent.wholeMilliseconds), confirmation.attempts,
        confirmation.lastAttempt?.instant, confirmation.finding?.kind.rawValue, confirmation.finding?.culprit.rawValue,
        confirmation.finding?.reason, confirmation.obstacle, confirmation.told?.rawValue,
      ])
  }
}

private struct WithdrawalRecord: LedgerRecord {
  let number: Int
  let confirmation: ConfirmationRecord

  init(from decoder: any Decoder) throws {
    number = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .number)
    confirmation = try ConfirmationRecord(from: decoder)
  }

  private enum CodingKeys: CodingKey {
    case number
  }
}

private struct ConfirmationRecord: LedgerRecord {
  let origin: String
  let fallback: Int?
  let state: String
  let since: Instant?
  let spent: Int64
  let attempts: Int
  let lastAttempt: Instant?
  let finding: String?
  let culprit: String?
  let reason: String?
  let obstacle: String?
  let told: String?

  static let selection = """
    SELECT confirmation.*, generation.number FROM confirmation
    JOIN generation ON generation.id = confirmation.generation
    JOIN subject ON subject.id = generation.keystore AND subject.kind = 'keystore'
    WHERE subject.name = ?
    """

  func confirmation() throws -> StoredConfirmation {
    guard let origin = ConfirmationOrigin(rawValue: origin), let state = StoredConfirmation.State(rawValue: state)
    else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a confirmation is \(state) and \(origin)")
    }
    var found: StoredConfirmation.Finding?
    if let kind = finding.flatMap(StoredConfirmation.Finding.Kind.init), let culprit = culprit.flatMap(Culprit.init),
      let reason
    {
      found = StoredConfirmation.Finding(kind: kind, culprit: culprit, reason: reason)
    }
    return StoredConfirmation(
      origin: origin, fallback: fallback, state: state, since: since?.date, spent: .milliseconds(spent),
      attempts: attempts, lastAttempt: lastAttempt?.date, finding: found, obstacle: obstacle,
      told: told.flatMap(StoredConfirmation.Finding.Kind.init))
  }
}
