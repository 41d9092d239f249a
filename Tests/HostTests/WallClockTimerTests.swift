// SPDX-License-Identifier: Apache-2.0

import CLinux
import FoundationEssentials
import Glibc
import Host
import Testing

@Suite(.serialized) struct WallClockTimerTests {
  @Test func pastMomentsAreOverAtOnce() async throws {
    let timer = try WallClockTimer()
    #expect(try await timer.wait(until: .distantPast) == .elapsed)
    #expect(try await timer.wait(until: Date(timeIntervalSince1970: 0)) == .elapsed)
    #expect(try await timer.wait(until: Date()) == .elapsed)
  }

  @Test func waitsUntilTheMomentAndNoLongerThanTheCap() async throws {
    let timer = try WallClockTimer()
    let moment = Date().addingTimeInterval(0.02)
    #expect(try await timer.wait(until: moment) == .elapsed)
    #expect(Date() >= moment)
    #expect(try await timer.wait(until: .distantFuture, orFor: .milliseconds(5)) == .elapsed)
    #expect(try await timer.wait(until: .distantFuture, orFor: .zero) == .elapsed)
  }

  @Test func aCancelledTaskStopsWaiting() async throws {
    let timer = try WallClockTimer(loop: ReadinessLoop())
    let task = Task { try await timer.wait(until: .distantFuture) }
    await Task.yield()
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await timer.wait(until: .distantPast) == .elapsed)
  }

  /// Sets the host's clock to what it says, which the kernel counts as a change; only where that was asked for.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CERTROTD_TEST_MAY_SET_CLOCK"] == "1"))
  func noticesThatTheClockWasSet() async throws {
    let timer = try WallClockTimer()
    for _ in 1...3 {
      async let outcome = timer.wait(until: Date().addingTimeInterval(20))
      // The wait may have begun or not: both ways the change is told.
      await Task.yield()
      var now = timespec()
      #expect(unsafe clock_gettime(CLOCK_REALTIME, &now) == 0)
      #expect(unsafe clock_settime(CLOCK_REALTIME, &now) == 0)
      #expect(try await outcome == .clockChanged)
    }
  }
}
