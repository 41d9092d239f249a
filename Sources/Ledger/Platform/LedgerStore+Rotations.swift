// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
import GRDB
package import Host

/// Rotations in flight, and the keys on the platform.
extension LedgerStore {
  /// Records the state of a rotation and of the keys that it concerns, in one transaction.
  ///
  /// `state` is JSON, and nil ends the rotation; `phase` is the name of the state. The `keys` are recorded as they are
  /// now; for those that are not given nothing changes.
  package func recordRotation(
    of serviceKey: String, phase: String, state: String?, keys: [PlatformKeyRecord] = [], at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      let subject = try database.subjectRow(making: LedgerSubject(.serviceKey, serviceKey), at: now)
      if let state {
        try database.run(
          """
          INSERT INTO rotation (subject, phase, state, begun_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?4)
          ON CONFLICT (subject) DO UPDATE SET phase = excluded.phase, state = excluded.state,
            changed_at = excluded.changed_at
          """, [subject, phase, state, now.instant])
      } else {
        try database.run("DELETE FROM rotation WHERE subject = ?", [subject])
      }
      try database.keep(keys, of: subject, at: now)
    }
  }

  /// Every rotation that is not finished, by name.
  package func rotations() async throws(LedgerError) -> [RotationRecord] {
    try await read { database in
      try database.all(
        RotationRow.self,
        """
        SELECT name, phase, state, begun_at, changed_at FROM rotation JOIN subject ON subject.id = rotation.subject
        ORDER BY name
        """
      ).map {
        RotationRecord(
          serviceKey: $0.name, phase: $0.phase, state: $0.state, begunAt: $0.begunAt.date,
          changedAt: $0.changedAt.date)
      }
    }
  }

  /// Records keys outside a rotation, such as one that an operator adopts.
  package func keepPlatformKeys(
    _ keys: [PlatformKeyRecord], of serviceKey: String, at now: Date
  ) async throws(LedgerError) {
    try await write { database in
      let subject = try database.subjectRow(making: LedgerSubject(.serviceKey, serviceKey), at: now)
      try database.keep(keys, of: subject, at: now)
    }
  }

  /// The keys of a service key, newest record first; deleted ones are remembered, the newest 100.
  package func platformKeys(of serviceKey: String) async throws(LedgerError) -> [PlatformKeyRecord] {
    try await read { database in
      guard let subject = try database.subjectRow(LedgerSubject(.serviceKey, serviceKey)) else { return [] }
      return try database.all(
        PlatformKeyRow.self,
        "SELECT \(PlatformKeyRow.columns) FROM platform_key WHERE subject = ? ORDER BY id DESC", [subject]
      ).map(\.record)
    }
  }

  /// Seals the credentials of a key in flight, and records the rotation's state, in one transaction.
  ///
  /// They are forgotten when the key is no longer in flight.
  ///
  /// `credentials` is the JSON that the platform gave, `key` is in flight, `phase` and `state` are those of the rotation
  /// from now on. Throws ``LedgerError/sealingKeyMissing(ledger:origin:)`` when the ledger was opened without a key.
  package func keepCredentials(
    _ credentials: SecretBytes, of key: PlatformKeyRecord, serviceKey: String, phase: String, state: String,
    at now: Date
  ) async throws(LedgerError) {
    let sealed = Data(
      try sealer().seal(credentials, context: KeySeal.context(ofCredentials: key.guid, serviceKey)))
    try await write { database in
      let subject = try database.subjectRow(making: LedgerSubject(.serviceKey, serviceKey), at: now)
      try database.keep([key], of: subject, at: now)
      try database.run(
        "UPDATE platform_key SET sealed_credentials = ?, sealed_under = 1 WHERE subject = ? AND guid = ?",
        [sealed, subject, key.guid])
      try database.run(
        "UPDATE rotation SET phase = ?, state = ?, changed_at = ? WHERE subject = ?",
        [phase, state, now.instant, subject])
    }
  }

  /// The sealed credentials of a key in flight; nil when there are none.
  package func credentials(of guid: String, serviceKey: String) async throws(LedgerError) -> SecretBytes? {
    let sealed = try await read { database -> Data? in
      guard let subject = try database.subjectRow(LedgerSubject(.serviceKey, serviceKey)) else { return nil }
      return try database.value(
        Data.self,
        "SELECT sealed_credentials FROM platform_key WHERE subject = ? AND guid = ? AND sealed_credentials IS NOT NULL",
        [subject, guid])
    }
    guard let sealed else { return nil }
    return try sealer().open(
      Array(sealed), context: KeySeal.context(ofCredentials: guid, serviceKey),
      of: LedgerSubject(.serviceKey, serviceKey), ledger: path)
  }

  func sealer() throws(LedgerError) -> KeySeal {
    guard let seal else { throw .sealingKeyMissing(ledger: path, origin: "it was opened without a sealing key") }
    return seal
  }

  /// How many deleted or given-up keys of a service key are remembered.
  static let endedKeysKept = 100
}

extension Database {
  fileprivate func keep(_ keys: [PlatformKeyRecord], of subject: Int64, at now: Date) throws {
    // Whoever leaves a place that only one key may have goes first.
    let order: [PlatformKeyRecord.State] = [.deleted, .givenUp, .retiring, .inForce, .inFlight]
    for key in keys.sorted(by: { (order.firstIndex(of: $0.state) ?? 0) < (order.firstIndex(of: $1.state) ?? 0) }) {
      try run(
        """
        INSERT INTO platform_key
          (subject, guid, name, instance, owner, state, serial, leaf, not_before, not_after, overlap_ends, reason,
            first_seen, changed_at, departure)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14)
        ON CONFLICT (subject, guid) DO UPDATE SET name = excluded.name, instance = excluded.instance,
          owner = excluded.owner, state = excluded.state, serial = excluded.serial, leaf = excluded.leaf,
          not_before = excluded.not_before, not_after = excluded.not_after, overlap_ends = excluded.overlap_ends,
          reason = excluded.reason, departure = excluded.departure, changed_at = excluded.changed_at,
          sealed_credentials = CASE WHEN excluded.state = 'in-flight' THEN sealed_credentials END,
          sealed_under = CASE WHEN excluded.state = 'in-flight' THEN sealed_under END
        """,
        [
          subject, key.guid, key.name, key.instance, key.owner.rawValue, key.state.rawValue, key.serial,
          key.leaf.map { Data($0.bytes) }, key.notBefore?.instant, key.notAfter?.instant, key.overlapEnds?.instant,
          key.reason, now.instant, key.departure?.rawValue,
        ])
    }
    try run(
      """
      DELETE FROM platform_key WHERE subject = ?1 AND state IN ('deleted', 'given-up') AND id NOT IN (
        SELECT id FROM platform_key WHERE subject = ?1 AND state IN ('deleted', 'given-up') ORDER BY id DESC LIMIT ?2)
      """, [subject, LedgerStore.endedKeysKept])
  }
}

private struct RotationRow: LedgerRecord {
  let name: String
  let phase: String
  let state: String
  let begunAt: Instant
  let changedAt: Instant
}
