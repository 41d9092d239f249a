// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Journal
import Synchronization

/// Counts what the daemon tells an operator, and keeps what it says of ends.
final class EventTally: Sendable {
  /// An alert about the end of a certificate.
  struct Alert: Sendable {
    let at: Date
    let fingerprint: String
    /// Seconds left then, less than none after the end.
    let remaining: TimeInterval
    let message: String
  }

  private struct State {
    var counts: [String: Int] = [:]
    var alerts: [Alert] = []
  }

  private let state = Mutex(State())
  private let clock: SimulatedClock

  init(clock: SimulatedClock) { self.clock = clock }

  var events: Events {
    Events { [self] raised, _ in
      let now = clock.now()
      state.withLock { state in
        state.counts[raised.event.rawValue, default: 0] += 1
        guard raised.event == .certificateExpiring || raised.event == .certificateExpired,
          let fingerprint = raised.fields[.fingerprint],
          let remaining = raised.fields[.remaining].flatMap({ TimeInterval($0) })
        else { return }
        state.alerts.append(Alert(at: now, fingerprint: fingerprint, remaining: remaining, message: raised.message))
      }
    }
  }

  var counts: [String: Int] { state.withLock(\.counts) }

  /// The alerts since the last call.
  func takeAlerts() -> [Alert] {
    state.withLock { state in
      defer { state.alerts = [] }
      return state.alerts
    }
  }
}
