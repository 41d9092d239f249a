// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Synchronization

@testable import Rotation

/// Waits until the test lets it ring or fail, and tells what it was asked.
final class ManualAlarm: Alarm {
  private struct State {
    var answer: Result<Void, any Error>?
    var waiter: CheckedContinuation<Void, any Error>?

    mutating func takeWaiter() -> CheckedContinuation<Void, any Error>? {
      defer { waiter = nil }
      return waiter
    }
  }

  let asked: AsyncStream<Date?>
  private let asking: AsyncStream<Date?>.Continuation
  private let state = Mutex(State())

  init() { (asked, asking) = AsyncStream.makeStream() }

  func wait(until time: Date?, atMost cap: Duration) async throws {
    asking.yield(time)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        let answer = state.withLock { state -> Result<Void, any Error>? in
          if Task.isCancelled { return .failure(CancellationError()) }
          defer { state.answer = nil }
          if state.answer == nil { state.waiter = waiter }
          return state.answer
        }
        if let answer { waiter.resume(with: answer) }
      }
    } onCancel: {
      state.withLock { $0.takeWaiter() }?.resume(throwing: CancellationError())
    }
  }

  func ring() { answer(.success(())) }

  func fail(_ error: SystemError) { answer(.failure(error)) }

  /// Answers who waits now, or else who waits next.
  private func answer(_ answer: Result<Void, any Error>) {
    let waiter = state.withLock { state in
      let waiter = state.takeWaiter()
      if waiter == nil { state.answer = answer }
      return waiter
    }
    waiter?.resume(with: answer)
  }
}
