// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB

/// A row of the table `platform_key`, without its sealed credentials.
///
/// Read by position rather than as a `LedgerRecord`: a service key that was renewed often has a hundred of them, which are
/// read at each step of a renewal.
struct PlatformKeyRow: FetchableRecord {
  /// As `init(row:)` reads them.
  static let columns =
    "guid, name, instance, owner, state, serial, leaf, not_before, not_after, overlap_ends, reason, departure"

  let record: PlatformKeyRecord

  init(row: Row) throws {
    guard let owner = PlatformKeyRecord.Owner(rawValue: try row.decode(String.self, atIndex: 3)),
      let state = PlatformKeyRecord.State(rawValue: try row.decode(String.self, atIndex: 4))
    else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a stored key has an unknown owner or state")
    }
    let departure = try row.decode(String?.self, atIndex: 11)
    guard departure == nil || departure.flatMap(PlatformKeyRecord.Departure.init) != nil else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a stored key has an unknown departure")
    }
    record = PlatformKeyRecord(
      guid: try row.decode(String.self, atIndex: 0), name: try row.decode(String.self, atIndex: 1),
      instance: try row.decode(String.self, atIndex: 2), owner: owner, state: state,
      serial: try row.decode(String?.self, atIndex: 5),
      leaf: try row.decode(Data?.self, atIndex: 6).flatMap { Fingerprint(bytes: Array($0)) },
      notBefore: try row.decode(Instant?.self, atIndex: 7)?.date,
      notAfter: try row.decode(Instant?.self, atIndex: 8)?.date,
      overlapEnds: try row.decode(Instant?.self, atIndex: 9)?.date,
      departure: departure.flatMap(PlatformKeyRecord.Departure.init),
      reason: try row.decode(String?.self, atIndex: 10))
  }
}
