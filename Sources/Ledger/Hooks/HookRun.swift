// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A command that has to run because a generation became current.
package struct NewHook: Sendable, Equatable {
  /// The program, absolute, and its arguments; no shell is involved.
  package var arguments: [String]
  /// How long one run may take.
  package var deadline: Duration

  package init(arguments: [String], deadline: Duration) {
    self.arguments = arguments
    self.deadline = deadline
  }
}

/// A hook that still has to succeed once.
package struct PendingHook: Sendable, Equatable {
  package var id: Int64
  package var keystore: String
  package var generation: Int
  package var arguments: [String]
  package var deadline: Duration
  /// How many runs were recorded.
  package var attempts: Int
  package var lastAttempt: Date?
  package var nextAttempt: Date
  /// What came of the last run.
  package var outcome: String?
  package var enqueuedAt: Date
}

/// What came of running a hook once.
package struct HookRunRecord: Sendable, Equatable {
  package enum Next: Sendable, Equatable {
    /// It succeeded and need not run again.
    case done
    /// It failed and is tried again then.
    case retry(at: Date)
    /// It is given up, such as when the configuration no longer names it.
    case abandon
  }

  /// One sentence.
  package var outcome: String
  /// As waitpid(2) reports it; nil when the program did not start or was killed.
  package var exitStatus: Int32?
  /// How many runs there were, this one included.
  package var attempts: Int
  package var next: Next

  package init(outcome: String, exitStatus: Int32?, attempts: Int, next: Next) {
    self.outcome = outcome
    self.exitStatus = exitStatus
    self.attempts = attempts
    self.next = next
  }
}
