// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Lets asynchronous code wait until a descriptor is ready, on one thread for all of them.
///
/// The thread ends when the loop goes, which it does not while somebody waits.
package final class ReadinessLoop: Sendable {
  private let core: Core

  /// Starts the thread.
  package init() throws(SystemError) {
    let core = try Core()
    try WorkerThread(name: "certrotd-wait") { core.run() }.detach()
    self.core = core
  }

  deinit { core.stop() }

  /// Returns when `descriptor`, which must stay open meanwhile, is readable or has failed.
  ///
  /// Throws `CancellationError` when the task is cancelled, and `SystemError` when the descriptor cannot be watched, as
  /// when somebody waits for it already (`EEXIST`).
  package func waitUntilReadable(_ descriptor: CInt) async throws { try await wait(descriptor, .readable) }

  /// Like ``waitUntilReadable(_:)``, until the kernel takes bytes to send.
  package func waitUntilWritable(_ descriptor: CInt) async throws { try await wait(descriptor, .writable) }

  /// Like ``waitUntilReadable(_:)``, until the peer of a socket is gone in both directions.
  package func waitUntilHungUp(_ descriptor: CInt) async throws { try await wait(descriptor, []) }

  private func wait(_ descriptor: CInt, _ interest: Poller.Readiness) async throws {
    let token = core.newToken()
    defer { core.forget(token) }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { core.register($0, descriptor, interest, token) }
    } onCancel: {
      core.cancel(token)
    }
  }

  /// What the thread shares with those who wait; apart from the loop, so that the thread does not keep the loop alive.
  private final class Core: Sendable {
    private typealias Continuation = CheckedContinuation<Void, any Error>

    private enum Waiter {
      /// Cancelled before the continuation was there.
      case cancelled
      case waiting(Continuation, CInt)
    }

    private struct State {
      var lastToken: UInt64 = 0
      var waiters: [UInt64: Waiter] = [:]
      var isStopped = false
    }

    private let poller: Poller
    private let state = Mutex(State())

    init() throws(SystemError) { poller = try Poller() }

    func newToken() -> UInt64 {
      state.withLock { state in
        state.lastToken += 1
        return state.lastToken
      }
    }

    func register(
      _ continuation: CheckedContinuation<Void, any Error>, _ descriptor: CInt, _ interest: Poller.Readiness,
      _ token: UInt64
    ) {
      let failure: (any Error)? = state.withLock { state in
        if state.waiters[token] != nil { return CancellationError() }
        do {
          try poller.add(descriptor, interest.union(.once), token: token)
        } catch {
          return error
        }
        state.waiters[token] = .waiting(continuation, descriptor)
        return nil
      }
      if let failure { continuation.resume(throwing: failure) }
    }

    func cancel(_ token: UInt64) {
      let continuation: Continuation? = state.withLock { state in
        guard case .waiting(let continuation, let descriptor)? = state.waiters[token] else {
          state.waiters[token] = .cancelled
          return nil
        }
        state.waiters[token] = nil
        stopWatching(descriptor)
        return continuation
      }
      continuation?.resume(throwing: CancellationError())
    }

    func forget(_ token: UInt64) { state.withLock { $0.waiters[token] = nil } }

    func stop() {
      state.withLock { $0.isStopped = true }
      poller.wake()
    }

    func run() {
      var events: [Poller.Event] = []
      while !state.withLock({ $0.isStopped }) {
        do {
          try poller.wait(into: &events)
        } catch {
          // epoll_wait(2) fails only for arguments that are wrong; whoever waits is told instead of left hanging.
          return endAll(with: error)
        }
        for event in events { finish(event.token) }
      }
    }

    private func finish(_ token: UInt64) {
      let continuation: Continuation? = state.withLock { state in
        guard case .waiting(let continuation, let descriptor)? = state.waiters[token] else { return nil }
        state.waiters[token] = nil
        stopWatching(descriptor)
        return continuation
      }
      continuation?.resume()
    }

    private func endAll(with error: SystemError) {
      let waiters = state.withLock { state in
        defer { state.waiters = [:] }
        return state.waiters.values.map(\.self)
      }
      for case .waiting(let continuation, _) in waiters { continuation.resume(throwing: error) }
    }

    /// Before the continuation resumes, since the waiter may close the descriptor right after.
    private func stopWatching(_ descriptor: CInt) {
      do {
        try poller.remove(descriptor)
      } catch {
        // Only a descriptor that was closed against the rule, or never added, is unknown to the kernel.
        assertionFailure("\(error)")
      }
    }
  }
}
