// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import GRDB

/// That a keystore started from a PSE of others, and what was in it.
package struct Adoption: Sendable, Equatable {
  /// The file that was taken over, absolute.
  package var path: String
  /// The certificate of the identity; nil when there was none, or when it was superseded so long ago that it is forgotten.
  package var leaf: Certificate?
  package var trust: [Certificate]
  package var adoptedAt: Date
}

extension LedgerStore {
  /// Records what was taken over, in one transaction: the identity with its sealed key, the trust list, whence and when.
  ///
  /// A later adoption by the same keystore takes the place of an earlier one.
  ///
  /// - Parameters:
  ///   - keystore: whose.
  ///   - path: the file.
  ///   - identity: becomes the current one of its owner; nil when the file held none.
  ///   - trust: in the order of the file.
  ///   - now: the wall clock.
  /// - Throws: ``LedgerError/sealingKeyMissing(ledger:origin:)`` when the ledger was opened without a key.
  package func adopt(
    _ keystore: String, from path: String, identity: NewIdentity?, trust: [Certificate], at now: Date
  ) async throws(LedgerError) {
    let sealed = try identity.map { identity throws(LedgerError) in try seal(identity) }
    try await write { database in
      let row = try database.keystoreRow(making: keystore, at: now)
      let accepted = try identity.map { try database.accept($0, sealed: sealed ?? Data(), at: now) }
      try database.run(
        """
        INSERT INTO adoption (keystore, path, identity, trust, adopted_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (keystore) DO UPDATE SET
          path = excluded.path, identity = excluded.identity, trust = excluded.trust, adopted_at = excluded.adopted_at
        """, [row, path, accepted, try database.certificateListRow(making: trust, at: now), now.instant])
    }
  }

  /// What a keystore started from; nil when it started from nothing.
  package func adoption(of keystore: String) async throws(LedgerError) -> Adoption? {
    try await read { database in
      guard let row = try database.subjectRow(LedgerSubject(.keystore, keystore)),
        let record = try database.one(
          AdoptionRecord.self,
          """
          SELECT path, der AS leaf, trust, adopted_at FROM adoption
          LEFT JOIN identity ON identity.id = adoption.identity
          LEFT JOIN certificate ON certificate.id = identity.leaf
          WHERE keystore = ?
          """, [row])
      else { return nil }
      return Adoption(
        path: record.path, leaf: try record.leaf.map(Database.certificate(stored:)),
        trust: try database.certificates(inList: record.trust), adoptedAt: record.adoptedAt.date)
    }
  }
}

private struct AdoptionRecord: LedgerRecord {
  let path: String
  let leaf: Data?
  let trust: Int64?
  let adoptedAt: Instant
}
