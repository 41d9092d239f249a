// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What is known of one repeated job: when it was tried, how that went, and when it is tried again.
///
/// The ledger keeps it, so that a restart neither forgets a backoff nor repeats what was just done. All times are UTC
/// by the wall clock; after the clock was set back they may lie in the future, which `Cadence` allows for.
package struct Schedule: Sendable, Hashable {
  package var lastAttempt: Date?
  package var lastSuccess: Date?
  /// Failed attempts since the last success.
  package var failures: Int
  /// When to try again; `nil` if there is nothing to wait for.
  package var nextAttempt: Date?
  /// One sentence: why `nextAttempt` is what it is, or what failed last.
  package var reason: String

  package init(
    lastAttempt: Date? = nil, lastSuccess: Date? = nil, failures: Int = 0, nextAttempt: Date? = nil,
    reason: String = ""
  ) {
    self.lastAttempt = lastAttempt
    self.lastSuccess = lastSuccess
    self.failures = failures
    self.nextAttempt = nextAttempt
    self.reason = reason
  }

  /// A job that was never tried.
  package static let untouched = Schedule()

  /// The schedule after an attempt at `now` that worked.
  package func succeeded(at now: Date, cadence: Cadence, reason: String = "") -> Schedule {
    var after = Schedule(lastAttempt: now, lastSuccess: now, reason: reason)
    after.nextAttempt = cadence.next(after: after)
    return after
  }

  /// The schedule after an attempt at `now` that failed because of `reason`.
  package func failed(at now: Date, cadence: Cadence, reason: String) -> Schedule {
    let (count, overflow) = failures.addingReportingOverflow(1)
    var after = Schedule(
      lastAttempt: now, lastSuccess: lastSuccess, failures: overflow ? failures : max(1, count), reason: reason)
    after.nextAttempt = cadence.next(after: after)
    return after
  }

  /// The schedule when the cause of failures may be gone, as after a restart or a reload by whoever removed it: the next
  /// attempt is due at `now`, and if it fails too, the backoff goes on from where it was.
  package func hastened(to now: Date) -> Schedule {
    var hastened = self
    if failures > 0 { hastened.nextAttempt = min(nextAttempt ?? now, now) }
    return hastened
  }

  /// The schedule when something else has shown that what failed works: nothing is tried any sooner for it.
  package func excused() -> Schedule {
    var excused = self
    (excused.failures, excused.reason) = (0, "")
    return excused
  }

  /// The schedule once an operator or a changed file asks for a new attempt at once: history stays, waiting ends.
  package func released(reason: String) -> Schedule {
    Schedule(lastAttempt: nil, lastSuccess: lastSuccess, failures: 0, nextAttempt: nil, reason: reason)
  }
}
