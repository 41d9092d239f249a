// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB

/// What was seen of the endpoints.
extension LedgerStore {
  /// Records a batch of observations in one transaction, and tells for each, in the same order, what was known before.
  ///
  /// An observation that says the same as the previous one of its endpoint is only counted. Each endpoint keeps the
  /// 300 newest different ones, and the last one that verified.
  @discardableResult
  package func record(
    _ observations: [EndpointObservation], at now: Date
  ) async throws(LedgerError) -> [ObservationOutcome] {
    // Hashing happens out here, so that it does not lengthen the transaction.
    let digests = observations.map { Data($0.contentDigest) }
    return try await write { database in
      var outcomes: [ObservationOutcome] = []
      outcomes.reserveCapacity(observations.count)
      let counting = try database.cachedStatement(sql: Self.countAgain)
      for (observation, digest) in zip(observations, digests) {
        let row = try Row.fetchOne(counting, arguments: [now.instant, observation.endpoint, digest])
        if let row, let count = Int.fromDatabaseValue(row[0]), let since = Instant.fromDatabaseValue(row[1]) {
          outcomes.append(.same(count: count, since: since.date))
        } else {
          outcomes.append(try database.recordChange(observation, digest: digest, at: now))
        }
      }
      return outcomes
    }
  }

  // Nearly every observation says the same as the one before; for those this is all that happens.
  private static let countAgain = """
    UPDATE observation SET count = count + 1, last_seen = ?
    WHERE id = (SELECT max(id) FROM observation
        WHERE endpoint = (SELECT id FROM subject WHERE kind = 'endpoint' AND name = ?))
      AND content = ?
    RETURNING count, first_seen
    """

  /// The newest observation of an endpoint, or nil when there is none.
  package func latestObservation(_ endpoint: String) async throws(LedgerError) -> StoredObservation? {
    try await observations(endpoint, limit: 1).first
  }

  /// The different observations of an endpoint, newest first.
  package func observations(_ endpoint: String, limit: Int) async throws(LedgerError) -> [StoredObservation] {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return [] }
      return try database.all(
        ObservationRecord.self,
        "\(ObservationRecord.selection) WHERE endpoint = ? ORDER BY observation.id DESC LIMIT ?", [row, limit]
      ).map { try $0.stored(in: database) }
    }
  }

  /// The chain that an endpoint sent last before its newest observation; empty when there was none.
  package func previousChain(_ endpoint: String) async throws(LedgerError) -> [Certificate] {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return [] }
      let list = try database.value(
        Int64.self,
        """
        SELECT chain FROM observation
        WHERE endpoint = ?1 AND chain IS NOT NULL AND id < (SELECT max(id) FROM observation WHERE endpoint = ?1)
        ORDER BY id DESC LIMIT 1
        """, [row])
      return try database.certificates(inList: list)
    }
  }

  /// Whether the addresses of an endpoint disagreed when it last sent a chain before its newest observation.
  package func disagreedBefore(_ endpoint: String) async throws(LedgerError) -> Bool {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return false }
      return try database.value(
        Bool.self,
        """
        SELECT disagreement FROM observation
        WHERE endpoint = ?1 AND chain IS NOT NULL AND id < (SELECT max(id) FROM observation WHERE endpoint = ?1)
        ORDER BY id DESC LIMIT 1
        """, [row]) ?? false
    }
  }

  /// Whether the chain that an endpoint sent last was also sent before its newest observation, at `since` or later.
  ///
  /// It is false for an endpoint that sent nothing last.
  package func sentBefore(_ endpoint: String, since: Date) async throws(LedgerError) -> Bool {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return false }
      let found = try database.value(
        Bool.self,
        """
        SELECT EXISTS (
          SELECT 1 FROM observation AS newest JOIN observation AS earlier
            ON earlier.endpoint = newest.endpoint AND earlier.id < newest.id AND earlier.chain = newest.chain
          WHERE newest.id = (SELECT max(id) FROM observation WHERE endpoint = ?) AND earlier.last_seen >= ?)
        """, [row, since.instant])
      return found ?? false
    }
  }

  /// The last path that verified for an endpoint, even when the endpoint is rejected or fails now.
  package func latestVerifiedPath(_ endpoint: String) async throws(LedgerError) -> VerifiedPath? {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return nil }
      return try database.one(
        ObservationRecord.self,
        """
        \(ObservationRecord.selection)
        WHERE endpoint = ? AND verdict = 'verified' ORDER BY observation.id DESC LIMIT 1
        """, [row]
      )?.verifiedPath(in: database)
    }
  }

  /// Other paths than the last that verified for an endpoint at `since` or later, newest first, at most eight.
  package func earlierVerifiedPaths(_ endpoint: String, since: Date) async throws(LedgerError) -> [VerifiedPath] {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.endpoint, endpoint)) else { return [] }
      return try database.all(
        ObservationRecord.self,
        """
        \(ObservationRecord.selection)
        WHERE endpoint = ?1 AND verdict = 'verified' AND last_seen >= ?2 AND observation.id <
          (SELECT max(id) FROM observation WHERE endpoint = ?1 AND verdict = 'verified')
        ORDER BY observation.id DESC LIMIT 8
        """, [row, since.instant]
      ).map { try $0.verifiedPath(in: database) }
    }
  }
}

extension Database {
  fileprivate func recordChange(
    _ observation: EndpointObservation, digest: Data, at now: Date
  ) throws -> ObservationOutcome {
    let endpoint = try subjectRow(making: LedgerSubject(.endpoint, observation.endpoint), at: now)
    let previous = try one(
      ObservationRecord.self, "\(ObservationRecord.selection) WHERE endpoint = ? ORDER BY observation.id DESC LIMIT 1",
      [endpoint]
    )?.stored(in: self)
    try run(
      """
      INSERT INTO observation
        (endpoint, content, verdict, chain, path, culprit, reason, disagreement, first_seen, last_seen, count)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
      """,
      [
        endpoint, digest, observation.verdict.name.rawValue,
        try certificateListRow(making: observation.chain, at: now),
        try certificateListRow(making: observation.path, at: now),
        observation.fault?.culprit.rawValue, observation.fault?.reason, observation.disagreement,
        now.instant, now.instant,
      ])
    guard let previous else { return .first }
    try forgetOldObservations(of: endpoint)
    return .changed(previous: previous)
  }

  private func forgetOldObservations(of endpoint: Int64) throws {
    try run(
      """
      DELETE FROM observation
      WHERE endpoint = ?1
        AND id <= (SELECT id FROM observation WHERE endpoint = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
        AND id <> ifnull((SELECT max(id) FROM observation WHERE endpoint = ?1 AND verdict = 'verified'), -1)
      """, [endpoint, LedgerStore.observationsPerEndpoint])
  }
}

extension LedgerStore {
  /// How many different observations of an endpoint are kept.
  static let observationsPerEndpoint = 300
}
