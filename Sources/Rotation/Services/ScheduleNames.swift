// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Ledger
package import Planning

extension ScheduleKey {
  package static func probe(_ endpoint: String) -> ScheduleKey {
    ScheduleKey("probe", LedgerSubject(.endpoint, endpoint))
  }

  package static func readServiceKey(_ name: String) -> ScheduleKey {
    ScheduleKey("read", LedgerSubject(.serviceKey, name))
  }

  /// Of the attempts to renew a key on the platform.
  package static func renewServiceKey(_ name: String) -> ScheduleKey {
    ScheduleKey("renew", LedgerSubject(.serviceKey, name))
  }

  /// Of a login that a platform does not accept, or that lacks a role there.
  static func login(_ topic: String, serviceKey name: String) -> ScheduleKey {
    ScheduleKey("login-\(topic)", LedgerSubject(.serviceKey, name))
  }

  /// Of renewing a keystore's self-signed identity, or of reading its PEM files.
  package static func identity(_ keystore: String) -> ScheduleKey {
    ScheduleKey("identity", LedgerSubject(.keystore, keystore))
  }

  /// Of taking a PSE of others over.
  package static func adoption(_ keystore: String) -> ScheduleKey {
    ScheduleKey("adopt", LedgerSubject(.keystore, keystore))
  }

  /// Of reading a keystore's bundles.
  package static func bundles(_ keystore: String) -> ScheduleKey {
    ScheduleKey("bundles", LedgerSubject(.keystore, keystore))
  }

  /// Of looking at the passwords of a keystore's files.
  package static func passwords(_ keystore: String) -> ScheduleKey {
    ScheduleKey("passwords", LedgerSubject(.keystore, keystore))
  }

  package static func write(_ keystore: String) -> ScheduleKey {
    ScheduleKey("write", LedgerSubject(.keystore, keystore))
  }

  /// Of judging whether a keystore's trust list verifies its endpoints.
  package static func trust(_ keystore: String) -> ScheduleKey {
    ScheduleKey("trust", LedgerSubject(.keystore, keystore))
  }
}

extension StoredSchedule {
  init(_ key: ScheduleKey, _ schedule: Schedule, condition: Condition?) {
    self.init(
      key: key, lastAttempt: schedule.lastAttempt, lastSuccess: schedule.lastSuccess, failures: schedule.failures,
      nextAttempt: schedule.nextAttempt, reason: schedule.reason, condition: condition)
  }

  /// What a trust list does not verify, with the sentences by endpoint as a JSON object.
  ///
  /// - Throws: `EncodingError`, which a map of texts does not know.
  init(trustOf keystore: String, gaps: [String: String], since: Date, at now: Date) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.init(
      key: .trust(keystore), lastAttempt: now, reason: String(decoding: try encoder.encode(gaps), as: UTF8.self),
      condition: gaps.isEmpty ? nil : Condition("gaps", since: since))
  }

  /// What a trust list does not verify; empty also for what does not read, which is then found anew.
  var gaps: [String: String] {
    guard condition != nil, let reason else { return [:] }
    return (try? JSONDecoder().decode([String: String].self, from: Data(reason.utf8))) ?? [:]
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
