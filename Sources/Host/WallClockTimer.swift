// SPDX-License-Identifier: Apache-2.0

import CLinux
package import FoundationEssentials
import Glibc

/// Waits for a moment of the wall clock, and notices when that clock is set (timerfd_create(2)).
///
/// Sleeping on a monotonic clock would miss an end date after the host's clock jumped, or after it was suspended; this
/// timer runs on `CLOCK_REALTIME` and is told of every discontinuous change (`TFD_TIMER_CANCEL_ON_SET`).
package final class WallClockTimer: Sendable {
  /// Why a wait is over.
  package enum Outcome: Sendable, Equatable {
    /// The moment has come, or the longest wait is over.
    case elapsed
    /// The clock was set: whatever was computed from it is to be computed anew.
    case clockChanged
  }

  private let timer: Descriptor
  private let loop: ReadinessLoop
  private let clock: any WallClock

  /// Makes a timer; without a `loop` it gets one, and so a thread, of its own.
  package init(loop: ReadinessLoop? = nil, clock: any WallClock = SystemWallClock()) throws(SystemError) {
    let number = timerfd_create(CLOCK_REALTIME, CLinux_TFD_CLOEXEC | CLinux_TFD_NONBLOCK)
    guard number >= 0 else { throw .last("timerfd_create") }
    timer = Descriptor(takingOwnershipOf: number)
    self.loop = if let loop { loop } else { try ReadinessLoop() }
    self.clock = clock
  }

  /// Waits until `moment`, at most for `cap`, or until the clock is set; a moment in the past is over at once.
  ///
  /// One task may wait at a time. Throws `CancellationError` when the task is cancelled.
  package func wait(until moment: Date, orFor cap: Duration? = nil) async throws -> Outcome {
    var moment = moment
    if let cap {
      // A cap in terms of the wall clock is exact, because every jump of that clock ends the wait.
      moment = min(moment, clock.now().addingTimeInterval(cap / .seconds(1)))
    }
    if try !arm(moment) { return .clockChanged }
    while true {
      try await loop.waitUntilReadable(timer.rawValue)
      var expirations: UInt64 = 0
      let count = unsafe Glibc.read(timer.rawValue, &expirations, MemoryLayout<UInt64>.size)
      if count > 0 { return .elapsed }
      switch errno {
      case ECANCELED: return .clockChanged
      case EAGAIN, EINTR: continue
      default: throw SystemError.last("read")
      }
    }
  }

  /// Returns false when the kernel tells on this occasion that the clock was set since the last one.
  private func arm(_ moment: Date) throws(SystemError) -> Bool {
    // Zero would disarm the timer, and a moment before 1970 is refused; both are past, and so is the first second.
    let seconds = min(max(moment.timeIntervalSince1970, 1), latest)
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(seconds)
    setting.it_value.tv_nsec = Int((seconds - seconds.rounded(.down)) * 1e9)
    let flags = CLinux_TFD_TIMER_ABSTIME | CLinux_TFD_TIMER_CANCEL_ON_SET
    if unsafe timerfd_settime(timer.rawValue, flags, &setting, nil) == 0 { return true }
    guard errno == ECANCELED else { throw .last("timerfd_settime") }
    return false
  }

  // Seconds since 1970: later than any certificate, earlier than what the kernel's nanoseconds can hold.
  private var latest: Double { 8e9 }
}
