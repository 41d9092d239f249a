// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What a schedule belongs to: a kind of work on a subject.
package struct ScheduleKey: Hashable, Sendable {
  /// The kind of work, such as `probe`.
  package var work: String
  package var subject: LedgerSubject

  package init(_ work: String, _ subject: LedgerSubject) {
    self.work = work
    self.subject = subject
  }
}

/// When something was tried last, how that went, and when it will be tried again: what planning needs after a restart.
package struct StoredSchedule: Sendable, Equatable {
  package var key: ScheduleKey
  package var lastAttempt: Date?
  package var lastSuccess: Date?
  /// How many attempts in a row failed.
  package var failures: Int
  package var nextAttempt: Date?
  /// Why the next attempt is then.
  package var reason: String?
  /// The state that an event was raised for, such as `unreachable`; nil while all is well.
  package var condition: Condition?

  package struct Condition: Sendable, Equatable {
    package var name: String
    package var since: Date

    package init(_ name: String, since: Date) {
      self.name = name
      self.since = since
    }
  }

  package init(
    key: ScheduleKey, lastAttempt: Date? = nil, lastSuccess: Date? = nil, failures: Int = 0, nextAttempt: Date? = nil,
    reason: String? = nil, condition: Condition? = nil
  ) {
    self.key = key
    self.lastAttempt = lastAttempt
    self.lastSuccess = lastSuccess
    self.failures = failures
    self.nextAttempt = nextAttempt
    self.reason = reason
    self.condition = condition
  }
}
