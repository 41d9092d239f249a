// SPDX-License-Identifier: Apache-2.0

import Host
import Synchronization

/// Looks names up on threads of their own, since getaddrinfo(3) blocks and cannot be stopped.
///
/// A look-up that nobody waits for any more is left to its thread. When all threads are left like that, further
/// look-ups fail at once rather than wait behind them. Nothing is cached: that is the host's resolver's task.
final class Resolver: Sendable {
  typealias Lookup = @Sendable (HostPort) -> Result<[SocketAddress], NameLookupError>

  enum Answer: Sendable {
    case found(Result<[SocketAddress], NameLookupError>)
    /// Not even begun: this many threads are stuck.
    case stuck(threads: Int)
  }

  private struct Request: Sendable {
    let id: UInt64
    let name: HostPort
    let completion: @Sendable (Answer) -> Void
  }

  private struct State {
    /// Those that no thread has taken yet, oldest first.
    var waiting: [Request] = []
    var threads = 0
    /// Of requests that a thread works at, those whose answer is still wanted.
    var wanted: Set<UInt64> = []
    var abandoned: Set<UInt64> = []
  }

  let threadLimit: Int
  private let lookup: Lookup
  private let state = Mutex(State())

  init(threadLimit: Int, lookup: @escaping Lookup) {
    self.threadLimit = threadLimit
    self.lookup = lookup
  }

  /// Starts a look-up; `completion` is called once, from another thread or before this returns, unless it is abandoned.
  func start(id: UInt64, name: HostPort, completion: @escaping @Sendable (Answer) -> Void) {
    let request = Request(id: id, name: name, completion: completion)
    enum Decision { case stuck, queued, newThread }
    let decision: Decision = state.withLock { state in
      if state.abandoned.count >= threadLimit { return .stuck }
      state.waiting.append(request)
      guard state.threads < threadLimit else { return .queued }
      state.threads += 1
      return .newThread
    }
    switch decision {
    case .queued: return
    case .stuck: completion(.stuck(threads: threadLimit))
    case .newThread:
      do {
        try WorkerThread(name: "look-up") { self.work() }.detach()
      } catch {
        let orphans = state.withLock { state in
          state.threads -= 1
          guard state.threads == 0 else { return [Request]() }
          defer { state.waiting = [] }
          return state.waiting
        }
        for orphan in orphans { orphan.completion(.found(.failure(.other(error.description)))) }
      }
    }
  }

  /// Forgets a look-up; says whether a thread had begun it.
  @discardableResult
  func abandon(id: UInt64) -> Bool {
    state.withLock { state in
      if let index = state.waiting.firstIndex(where: { $0.id == id }) {
        state.waiting.remove(at: index)
        return false
      }
      if state.wanted.remove(id) != nil { state.abandoned.insert(id) }
      return true
    }
  }

  /// Works off what waits, then ends the thread: look-ups come in bursts, hours apart.
  private func work() {
    while let request = take() {
      let result = lookup(request.name)
      let isWanted = state.withLock { state in
        state.abandoned.remove(request.id)
        return state.wanted.remove(request.id) != nil
      }
      if isWanted { request.completion(.found(result)) }
    }
  }

  private func take() -> Request? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.threads -= 1
        return nil
      }
      let request = state.waiting.removeFirst()
      state.wanted.insert(request.id)
      return request
    }
  }
}
