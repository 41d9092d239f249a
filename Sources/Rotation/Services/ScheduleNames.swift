// SPDX-License-Identifier: Apache-2.0

package import Ledger
package import Planning

extension ScheduleKey {
  package static func probe(_ endpoint: String) -> ScheduleKey {
    ScheduleKey("probe", LedgerSubject(.endpoint, endpoint))
  }

  package static func readServiceKey(_ name: String) -> ScheduleKey {
    ScheduleKey("read", LedgerSubject(.serviceKey, name))
  }

  /// Of renewing a keystore's self-signed identity, or of reading its PEM files.
  package static func identity(_ keystore: String) -> ScheduleKey {
    ScheduleKey("identity", LedgerSubject(.keystore, keystore))
  }

  /// Of taking a PSE of others over.
  package static func adoption(_ keystore: String) -> ScheduleKey {
    ScheduleKey("adopt", LedgerSubject(.keystore, keystore))
  }

  package static func write(_ keystore: String) -> ScheduleKey {
    ScheduleKey("write", LedgerSubject(.keystore, keystore))
  }
}

extension StoredSchedule {
  init(_ key: ScheduleKey, _ schedule: Schedule, condition: Condition?) {
    self.init(
      key: key, lastAttempt: schedule.lastAttempt, lastSuccess: schedule.lastSuccess, failures: schedule.failures,
      nextAttempt: schedule.nextAttempt, reason: schedule.reason, condition: condition)
  }

  /// As planning reads it.
  var schedule: Schedule {
    Schedule(
      lastAttempt: lastAttempt, lastSuccess: lastSuccess, failures: failures, nextAttempt: nextAttempt,
      reason: reason ?? "")
  }
}

extension Subject {
  /// The same subject as the ledger names it.
  package var inLedger: LedgerSubject {
    switch self {
    case .endpoint(let name): LedgerSubject(.endpoint, name)
    case .serviceKey(let name): LedgerSubject(.serviceKey, name)
    case .keystore(let name): LedgerSubject(.keystore, name)
    }
  }
}
