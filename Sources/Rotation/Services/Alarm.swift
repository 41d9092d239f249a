// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Host

/// Waits for a time of day, and wakes early when somebody sets the clock.
package protocol Alarm: Sendable {
  /// Returns at `time`, after `cap` at the latest, or as soon as the wall clock is set.
  ///
  /// - Throws: `CancellationError` when the waiting task is cancelled; `SystemError` when the host gives no timer.
  func wait(until time: Date?, atMost cap: Duration) async throws
}

/// The host's own timer (timerfd_create(2) with `TFD_TIMER_CANCEL_ON_SET`).
package struct SystemAlarm: Alarm {
  private let timer: WallClockTimer

  package init(timer: WallClockTimer) { self.timer = timer }

  package func wait(until time: Date?, atMost cap: Duration) async throws {
    _ = try await timer.wait(until: time ?? .distantFuture, orFor: cap)
  }
}
