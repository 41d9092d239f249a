// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Work that several callers wait for, each of whom may leave at any time.
///
/// `Task.value` would hold a caller that was cancelled until the work is done, which a service that has to end in seconds
/// cannot wait for.
package final class SharedTask<Value: Sendable>: Sendable {
  /// What becomes of the work once all who waited for it have left.
  package enum Abandonment: Sendable { case goesOn, isCancelled }

  private struct State {
    var value: Value?
    var waiters: [Int: AsyncStream<Value>.Continuation] = [:]
    var lastNumber = 0
    var task: Task<Void, Never>?
  }

  private let abandonment: Abandonment
  private let state = Mutex(State())

  /// Begins the work.
  package init(whenAbandoned abandonment: Abandonment, _ work: @escaping @Sendable () async -> Value) {
    self.abandonment = abandonment
    let task = Task { finish(await work()) }
    state.withLock { $0.task = task }
  }

  /// What came of it; nil at once when the caller is cancelled.
  package func value() async -> Value? {
    let (values, waiter) = AsyncStream.makeStream(of: Value.self)
    let (known, number) = state.withLock { state in
      state.lastNumber += 1
      if state.value == nil { state.waiters[state.lastNumber] = waiter }
      return (state.value, state.lastNumber)
    }
    if let known { return known }
    for await value in values { return value }
    leave(number)
    return nil
  }

  private func finish(_ value: Value) {
    let waiters = state.withLock { state in
      state.value = value
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters {
      waiter.yield(value)
      waiter.finish()
    }
  }

  private func leave(_ number: Int) {
    let task: Task<Void, Never>? = state.withLock { state in
      guard state.waiters.removeValue(forKey: number) != nil, state.waiters.isEmpty else { return nil }
      return state.task
    }
    if abandonment == .isCancelled { task?.cancel() }
  }
}
