// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB
import OpenSSLBridge

/// Identities and their sealed private keys.
extension LedgerStore {
  /// Makes an identity the current one of its owner and supersedes the one before, in one transaction.
  ///
  /// Accepting the current leaf once more, as after a crash, replaces what is stored with it and keeps its number.
  /// Of superseded identities the 5 newest keep their private keys, and the 100 newest are remembered. `entries` join the
  /// history with it, as ones that are to be told still.
  ///
  /// - Returns: the number of the identity.
  /// - Throws: ``LedgerError/sealingKeyMissing(ledger:origin:)`` when the ledger was opened without a key.
  @discardableResult
  package func acceptIdentity(
    _ identity: NewIdentity, telling entries: [HistoryEntry] = [], at now: Date
  ) async throws(LedgerError) -> Int64 {
    let sealed = try seal(identity)
    return try await write { database in
      let accepted = try database.accept(identity, sealed: sealed, at: now)
      try database.append(entries, untold: true)
      return accepted
    }
  }

  /// Takes the current identity of an owner out of use, such as one whose key does not open any more.
  ///
  /// What is stored of it stays, as it does of every superseded one.
  package func retireIdentity(_ owner: IdentityOwner, at now: Date) async throws(LedgerError) {
    try await write { database in
      guard let row = try database.subjectRow(owner.subject) else { return }
      try database.supersedeIdentity(of: row, at: now)
    }
  }

  /// The private key as it is stored.
  func seal(_ identity: NewIdentity) throws(LedgerError) -> Data {
    Data(try keySeal().seal(identity.privateKey, of: identity.owner.subject, leaf: identity.leaf.fingerprint))
  }

  /// The identity that its owner uses now, with its private key; nil when there is none.
  ///
  /// - Throws: ``LedgerError/sealedValueDamaged(ledger:subject:detail:)`` when the stored key does not open.
  package func currentIdentity(_ owner: IdentityOwner) async throws(LedgerError) -> StoredIdentity? {
    try await opened(owner, "state = 'current'", [])
  }

  /// The identity that its owner uses now, without its private key, whether that can be opened or not.
  package func currentEntry(_ owner: IdentityOwner) async throws(LedgerError) -> IdentityEntry? {
    try await identities(owner).first { $0.supersededAt == nil }
  }

  /// Whether anybody's identity has, or had, this certificate.
  package func isIdentity(_ leaf: Fingerprint) async throws(LedgerError) -> Bool {
    try await read { database in
      try database.value(
        Bool.self,
        """
        SELECT EXISTS (SELECT 1 FROM identity JOIN certificate ON certificate.id = identity.leaf WHERE fingerprint = ?)
        """, [Data(leaf.bytes)]) ?? false
    }
  }

  /// The issuers that an identity of this certificate came with last, whoever has it; none where nobody ever had it.
  package func issuers(of leaf: Fingerprint) async throws(LedgerError) -> [Certificate] {
    try await read { database in
      let list = try database.value(
        Int64.self,
        """
        SELECT issuers FROM identity JOIN certificate ON certificate.id = identity.leaf
        WHERE fingerprint = ? AND issuers IS NOT NULL ORDER BY identity.id DESC LIMIT 1
        """, [Data(leaf.bytes)])
      return try database.certificates(inList: list)
    }
  }

  /// One identity of an owner with its private key; nil when it, or its key, was forgotten.
  package func identity(_ id: Int64, of owner: IdentityOwner) async throws(LedgerError) -> StoredIdentity? {
    try await opened(owner, "identity.id = ? AND sealed_key IS NOT NULL", [id])
  }

  /// The identities of an owner, newest first, without private keys.
  package func identities(_ owner: IdentityOwner) async throws(LedgerError) -> [IdentityEntry] {
    try await read { database in
      guard let row = try database.subjectRow(owner.subject) else { return [] }
      return try database.all(
        IdentityRecord.self, "\(IdentityRecord.selection) WHERE owner = ? ORDER BY identity.id DESC", [row]
      ).map { try $0.entry(in: database) }
    }
  }

  private func opened(
    _ owner: IdentityOwner, _ condition: String, _ arguments: [Int64]
  ) async throws(LedgerError) -> StoredIdentity? {
    let found = try await read { database -> (IdentityEntry, Data)? in
      guard let row = try database.subjectRow(owner.subject),
        let record = try database.one(
          IdentityRecord.self, "\(IdentityRecord.selection) WHERE owner = ? AND \(condition)",
          StatementArguments([row] + arguments)),
        let sealed = record.sealedKey
      else { return nil }
      return (try record.entry(in: database), sealed)
    }
    guard let (entry, sealed) = found else { return nil }
    let key = try keySeal().open(
      Array(sealed), of: owner.subject, leaf: entry.leaf.fingerprint, ledger: path)
    return StoredIdentity(entry: entry, privateKey: key)
  }

  func keySeal() throws(LedgerError) -> KeySeal {
    guard let seal else { throw .sealingKeyMissing(ledger: path, origin: "it was opened without a sealing key") }
    return seal
  }

  /// How many superseded identities of an owner keep their private keys.
  static let supersededKeysKept = 5
  /// How many superseded identities of an owner are remembered.
  static let supersededIdentitiesKept = 100
}

extension Database {
  /// See ``LedgerStore/acceptIdentity(_:telling:at:)``.
  func accept(_ identity: NewIdentity, sealed: Data, at now: Date) throws -> Int64 {
    let owner = try subjectRow(making: identity.owner.subject, at: now)
    let leaf = try certificateRow(making: identity.leaf, at: now)
    let issuers = try certificateListRow(making: identity.issuers, at: now)
    let source = identity.sourceDigest.map { Data($0) }
    if let current = try value(
      Int64.self, "SELECT id FROM identity WHERE owner = ? AND state = 'current' AND leaf = ?", [owner, leaf])
    {
      try run(
        """
        UPDATE identity SET issuers = ?, sealed_key = ?, client_id = ?, token_url = ?, source_digest = ?,
          recipe = ?
        WHERE id = ?
        """, [issuers, sealed, identity.clientID, identity.tokenURL, source, identity.recipe, current])
      return current
    }
    try supersedeIdentity(of: owner, at: now)
    try run(
      """
      INSERT INTO identity
        (owner, leaf, issuers, sealed_key, sealed_under, client_id, token_url, source_digest, recipe, accepted_at,
          state)
      VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, 'current')
      """,
      [
        owner, leaf, issuers, sealed, identity.clientID, identity.tokenURL, source, identity.recipe, now.instant,
      ])
    let accepted = lastInsertedRowID
    try forgetOldIdentities(of: owner)
    return accepted
  }

  fileprivate func supersedeIdentity(of owner: Int64, at now: Date) throws {
    try run(
      "UPDATE identity SET state = 'superseded', superseded_at = ? WHERE owner = ? AND state = 'current'",
      [now.instant, owner])
  }

  fileprivate func forgetOldIdentities(of owner: Int64) throws {
    let newest = "SELECT id FROM identity WHERE owner = ?1 AND state = 'superseded' ORDER BY id DESC LIMIT ?2"
    try run(
      """
      UPDATE identity SET sealed_key = NULL, sealed_under = NULL
      WHERE owner = ?1 AND state = 'superseded' AND sealed_key IS NOT NULL AND id NOT IN (\(newest))
      """, [owner, LedgerStore.supersededKeysKept])
    try run(
      "DELETE FROM identity WHERE owner = ?1 AND state = 'superseded' AND id NOT IN (\(newest))",
      [owner, LedgerStore.supersededIdentitiesKept])
  }
}

private struct IdentityRecord: LedgerRecord {
  let id: Int64
  let leaf: Data
  let issuers: Int64?
  let sealedKey: Data?
  let clientId: String?
  let tokenUrl: String?
  let sourceDigest: Data?
  let recipe: String?
  let acceptedAt: Instant
  let supersededAt: Instant?

  static let selection = """
    SELECT identity.id, certificate.der AS leaf, issuers, sealed_key, client_id, token_url, source_digest, recipe,
      accepted_at, superseded_at
    FROM identity JOIN certificate ON certificate.id = identity.leaf
    """

  func entry(in database: Database) throws -> IdentityEntry {
    IdentityEntry(
      id: id, leaf: try Database.certificate(stored: leaf), issuers: try database.certificates(inList: issuers),
      clientID: clientId, tokenURL: tokenUrl, sourceDigest: sourceDigest.map { Array($0) }, recipe: recipe,
      acceptedAt: acceptedAt.date, supersededAt: supersededAt?.date, holdsKey: sealedKey != nil)
  }
}
