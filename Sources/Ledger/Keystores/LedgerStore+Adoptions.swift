// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
import GRDB
package import Host

extension LedgerStore {
  /// Records what was taken over, in one transaction: the identity with its sealed key, the trust list, whence and when.
  ///
  /// A later adoption by the same keystore takes the place of an earlier one.
  ///
  /// - Throws: ``LedgerError/sealingKeyMissing(ledger:origin:)`` when the ledger was opened without a key.
  package func adopt(_ adoption: NewAdoption, at now: Date) async throws(LedgerError) {
    let sealed = try adoption.identity.map { identity throws(LedgerError) in try seal(identity) }
    let kept = try adoption.kept.map { kept throws(LedgerError) in
      Data(try keySeal().seal(kept, ofAdoptionBy: adoption.keystore, from: adoption.path))
    }
    try await write { database in
      let row = try database.keystoreRow(making: adoption.keystore, at: now)
      let accepted = try adoption.identity.map { try database.accept($0, sealed: sealed ?? Data(), at: now) }
      let form = adoption.form
      try database.run("DELETE FROM adoption WHERE keystore = ?", [row])
      try database.run(
        """
        INSERT INTO adoption
          (keystore, path, identity, trust, adopted_at, pse_version, has_pin, file_owner, file_group, file_mode,
            original, kept_names, sealed_kept, sealed_under, other_names)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          row, adoption.path, accepted, try database.certificateListRow(making: adoption.trust, at: now), now.instant,
          form?.version, form?.hasPIN, form?.owner, form?.group, form?.mode, adoption.original,
          try JSONText.encode(adoption.keptNames), kept, kept == nil ? nil : 1,
          try JSONText.encode(adoption.otherNames),
        ])
    }
  }

  /// What a keystore started from; nil when it started from nothing.
  package func adoption(of keystore: String) async throws(LedgerError) -> Adoption? {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.keystore, keystore)),
        let record = try database.one(
          AdoptionRecord.self,
          """
          SELECT path, der AS leaf, trust, adopted_at, pse_version, has_pin, file_owner, file_group, file_mode, original,
            kept_names, other_names
          FROM adoption
          LEFT JOIN identity ON identity.id = adoption.identity
          LEFT JOIN certificate ON certificate.id = identity.leaf
          WHERE keystore = ?
          """, [row])
      else { return nil }
      return Adoption(
        path: record.path, leaf: try record.leaf.map(Database.certificate(stored:)),
        trust: try database.certificates(inList: record.trust), adoptedAt: record.adoptedAt.date, form: record.form,
        original: record.original,
        otherNames: try record.otherNames.map { try JSONText.decode([String].self, from: $0) } ?? [],
        keptNames: try record.keptNames.map { try JSONText.decode([String].self, from: $0) } ?? [])
    }
  }

  /// The objects that a keystore hands on as they are; nil when there are none.
  ///
  /// - Throws: ``LedgerError/sealedValueDamaged(ledger:subject:detail:)`` when they do not open.
  package func keptObjects(of keystore: String) async throws(LedgerError) -> SecretBytes? {
    let found = try await read { database -> KeptRecord? in
      guard let row = try database.subjectRow(LedgerSubject(.keystore, keystore)) else { return nil }
      return try database.one(
        KeptRecord.self,
        "SELECT path, sealed_kept AS sealed FROM adoption WHERE keystore = ? AND sealed_kept IS NOT NULL", [row])
    }
    guard let found else { return nil }
    return try keySeal().open(Array(found.sealed), ofAdoptionBy: keystore, from: found.path, ledger: path)
  }
}

private struct KeptRecord: LedgerRecord {
  let path: String
  let sealed: Data
}

private struct AdoptionRecord: LedgerRecord {
  let path: String
  let leaf: Data?
  let trust: Int64?
  let adoptedAt: Instant
  let pseVersion: Int?
  let hasPin: Bool?
  let fileOwner: UInt32?
  let fileGroup: UInt32?
  let fileMode: UInt16?
  let original: String?
  let keptNames: String?
  let otherNames: String?

  var form: AdoptedFile? {
    guard let pseVersion, let hasPin, let fileOwner, let fileGroup, let fileMode else { return nil }
    return AdoptedFile(version: pseVersion, hasPIN: hasPin, owner: fileOwner, group: fileGroup, mode: fileMode)
  }
}
