// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets tasks wait for their turn; see ``AdmissionState`` for whose turn it is.
final class Admission: Sendable {
  private struct State {
    var rules: AdmissionState
    var nextTicket: AdmissionState.Ticket = 0
    var waiting: [AdmissionState.Ticket: CheckedContinuation<Bool, Never>] = [:]
    /// Tickets whose task was cancelled before it had asked.
    var cancelled: Set<AdmissionState.Ticket> = []
  }

  private let state: Mutex<State>

  init(limit: Int, limitPerHost: Int) {
    state = Mutex(State(rules: AdmissionState(limit: limit, limitPerHost: limitPerHost)))
  }

  /// Waits until there is room; false when the task was cancelled first, and then there is nothing to leave.
  func enter(host: String) async -> Bool {
    let ticket = state.withLock { state in
      defer { state.nextTicket += 1 }
      return state.nextTicket
    }
    defer { _ = state.withLock { $0.cancelled.remove(ticket) } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.cancelled.contains(ticket) { return false }
          if state.rules.request(ticket, host: host) { return true }
          state.waiting[ticket] = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        let continuation = state.waiting.removeValue(forKey: ticket)
        if continuation != nil { state.rules.withdraw(ticket) } else { state.cancelled.insert(ticket) }
        return continuation
      }
      continuation?.resume(returning: false)
    }
  }

  /// Makes room for the next.
  func leave(host: String) {
    let admitted = state.withLock { state in
      state.rules.release(host: host).compactMap { state.waiting.removeValue(forKey: $0) }
    }
    for continuation in admitted { continuation.resume(returning: true) }
  }
}
