// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
import GRDB

/// Which expiry alerts were raised already.
extension LedgerStore {
  /// Every alert that was raised for a subject of the configuration.
  package func raisedAlerts() async throws(LedgerError) -> Set<RaisedAlert> {
    try await read { database in
      let records = try database.all(
        AlertRecord.self,
        """
        SELECT kind, name, role, certificate, mark FROM alert JOIN subject ON subject.id = alert.subject
        WHERE subject.removed_at IS NULL
        """)
      return Set(
        records.compactMap { record in
          Fingerprint(bytes: record.certificate).map {
            RaisedAlert(
              subject: LedgerSubject(record.kind, record.name), role: record.role, certificate: $0, mark: record.mark)
          }
        })
    }
  }

  /// Remembers that these alerts were raised; those known already keep their first time.
  package func recordAlerts(_ alerts: Set<RaisedAlert>, at now: Date) async throws(LedgerError) {
    try await write { database in
      for alert in alerts {
        let subject = try database.subjectRow(making: alert.subject, at: now)
        try database.run(
          "INSERT OR IGNORE INTO alert (subject, role, certificate, mark, raised_at) VALUES (?, ?, ?, ?, ?)",
          [subject, alert.role, Data(alert.certificate.bytes), alert.mark, now.instant])
      }
    }
  }

  /// Forgets that these alerts were raised; those that never were do not matter.
  package func forgetAlerts(_ alerts: Set<RaisedAlert>) async throws(LedgerError) {
    try await write { database in
      for alert in alerts {
        try database.run(
          """
          DELETE FROM alert WHERE subject = (SELECT id FROM subject WHERE kind = ? AND name = ?)
            AND role = ? AND certificate = ? AND mark = ?
          """,
          [alert.subject.kind.rawValue, alert.subject.name, alert.role, Data(alert.certificate.bytes), alert.mark])
      }
    }
  }
}

private struct AlertRecord: LedgerRecord {
  let kind: LedgerSubject.Kind
  let name: String
  let role: String
  let certificate: Data
  let mark: Int64
}
