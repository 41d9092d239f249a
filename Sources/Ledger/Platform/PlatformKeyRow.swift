// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB

/// A row of the table `platform_key`, without its sealed credentials.
struct PlatformKeyRow: LedgerRecord {
  let guid: String
  let name: String
  let instance: String
  let owner: String
  let state: String
  let serial: String?
  let leaf: Data?
  let notBefore: Instant?
  let notAfter: Instant?
  let overlapEnds: Instant?
  let reason: String?

  func record() throws -> PlatformKeyRecord {
    guard let owner = PlatformKeyRecord.Owner(rawValue: owner), let state = PlatformKeyRecord.State(rawValue: state)
    else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a stored key has an unknown owner or state")
    }
    return PlatformKeyRecord(
      guid: guid, name: name, instance: instance, owner: owner, state: state, serial: serial,
      leaf: leaf.flatMap { Fingerprint(bytes: Array($0)) }, notBefore: notBefore?.date, notAfter: notAfter?.date,
      overlapEnds: overlapEnds?.date, reason: reason)
  }
}
