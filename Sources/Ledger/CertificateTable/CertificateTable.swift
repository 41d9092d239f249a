// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import OpenSSLBridge

/// Certificates, stored once each, and the ordered lists of them that other records point to.
extension Database {
  /// The row of `certificate`, made when it is new.
  func certificateRow(making certificate: Certificate, at now: Date) throws -> Int64 {
    let fingerprint = Data(certificate.fingerprint.bytes)
    if let row = try value(Int64.self, "SELECT id FROM certificate WHERE fingerprint = ?", [fingerprint]) {
      return row
    }
    try run(
      """
      INSERT INTO certificate (fingerprint, der, subject, issuer, not_before, not_after, first_seen)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        fingerprint, Data(certificate.derBytes), certificate.subject.description, certificate.issuer.description,
        certificate.validity.notBefore.instant, certificate.validity.notAfter.instant, now.instant,
      ])
    return lastInsertedRowID
  }

  /// The row of this list, made when it is new; nil for an empty list.
  func certificateListRow(making certificates: [Certificate], at now: Date) throws -> Int64? {
    if certificates.isEmpty { return nil }
    let digest = Data(Digest.sha256(certificates.flatMap(\.fingerprint.bytes)))
    if let row = try value(Int64.self, "SELECT id FROM certificate_list WHERE digest = ?", [digest]) { return row }
    try run("INSERT INTO certificate_list (digest) VALUES (?)", [digest])
    let list = lastInsertedRowID
    for (position, certificate) in certificates.enumerated() {
      let row = try certificateRow(making: certificate, at: now)
      try run(
        "INSERT INTO certificate_list_member (list, position, certificate) VALUES (?, ?, ?)", [list, position, row])
    }
    return list
  }

  /// The certificates of a list, in order; none for nil.
  func certificates(inList list: Int64?) throws -> [Certificate] {
    guard let list else { return [] }
    return try values(
      Data.self,
      """
      SELECT der FROM certificate_list_member JOIN certificate ON certificate.id = certificate_list_member.certificate
      WHERE list = ? ORDER BY position
      """, [list]
    ).map(Self.certificate(stored:))
  }

  /// Reads a certificate that was stored; one that no longer reads means that the file is damaged.
  static func certificate(stored bytes: Data) throws -> Certificate {
    do {
      return try Certificate(derEncoded: bytes)
    } catch {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "a stored certificate of \(bytes.count) bytes does not read: \(error)")
    }
  }
}
