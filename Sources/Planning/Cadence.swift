// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The rhythm of one job: how often it is repeated, and how long it waits after a failure.
package struct Cadence: Sendable, Hashable {
  /// The time between attempts that work; `nil` for a job that is not repeated once it worked.
  package let interval: Duration?
  package let jitter: Jitter

  package init(every interval: Duration?, jitter: Jitter) {
    self.interval = interval
    self.jitter = jitter
  }

  /// The time of the attempt that follows `schedule`, by its last attempt alone; `nil` if none is needed or none was made.
  package func next(after schedule: Schedule) -> Date? {
    guard let last = schedule.lastAttempt else { return nil }
    let factor = jitter.factor(startingAt: last)
    guard schedule.failures > 0 else {
      return interval.map { last.addingTimeInterval(Self.seconds($0) * factor) }
    }
    let wait = Self.seconds(Backoff.delay(afterFailures: schedule.failures)) * factor
    // A failing job is never tried less often than a working one.
    return last.addingTimeInterval(min(wait, interval.map(Self.seconds) ?? .infinity))
  }

  /// When the job is due: a time at or before `now` if it is due already, `nil` if it is done for good.
  ///
  /// A next attempt farther away than the rhythm allows comes from a clock that was set back, or from a longer interval
  /// that is no longer configured. It is due at once, since waiting for it could take years.
  package func due(_ schedule: Schedule, now: Date) -> Date? {
    guard schedule.lastAttempt != nil || schedule.nextAttempt != nil else { return now }
    guard let planned = schedule.nextAttempt ?? next(after: schedule) else { return nil }
    return planned.timeIntervalSince(now) > longestWait(after: schedule) ? now : planned
  }

  /// As `due(_:now:)`; but from `urgentFrom` on, which is the start of the last tenth, failures wait the shortest interval.
  package func due(_ schedule: Schedule, now: Date, urgentFrom: Date?) -> Date? {
    let usual = due(schedule, now: now)
    guard let urgentFrom, let usual, schedule.failures > 0, let last = schedule.lastAttempt else { return usual }
    let soonest = last > now ? now : last.addingTimeInterval(Self.seconds(Backoff.shortest))
    return min(usual, max(urgentFrom, soonest))
  }

  /// The longest wait, in seconds, that `next(after:)` can ask for.
  private func longestWait(after schedule: Schedule) -> Double {
    let stretched = 1 + Jitter.spread
    let repeated = interval.map { Self.seconds($0) * stretched }
    guard schedule.failures > 0 else { return repeated ?? Self.seconds(Backoff.longest) * stretched }
    return min(
      Self.seconds(Backoff.delay(afterFailures: schedule.failures)) * stretched, repeated ?? .infinity)
  }

  static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}
