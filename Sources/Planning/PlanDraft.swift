// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// What the parts of the planner read.
struct PlanningContext {
  let configuration: Configuration
  let inventory: Inventory
  let now: Date
}

/// A plan while it is put together.
struct PlanDraft {
  let now: Date
  private var due: [DueWork] = []
  private var next: Date?
  /// Nil where nobody asks: with ten thousand endpoints it has megabytes.
  private var upcoming: [Work: Date]?

  init(now: Date, foreseeing: Bool = false) {
    self.now = now
    upcoming = foreseeing ? [:] : nil
  }

  /// Adds work that is due at `time`, or asks to be called again then.
  mutating func add(
    _ work: Work, at time: Date, lapsesAt: Date?, urgency: Urgency = .routine, because reason: @autoclosure () -> Reason
  ) {
    guard time <= now else { return foresee(work, at: time) }
    due.append(DueWork(work: work, since: time, lapsesAt: lapsesAt ?? time, reason: reason(), urgency: urgency))
  }

  /// Asks to be called again at `time`, when `work` will be due, if that lies ahead.
  mutating func foresee(_ work: Work, at time: Date) {
    wake(at: time)
    if upcoming != nil, time > now { upcoming?[work] = time }
  }

  /// Asks to be called again at `time`, if that lies ahead.
  mutating func wake(at time: Date?) {
    guard let time, time > now else { return }
    next = next.map { min($0, time) } ?? time
  }

  /// Urgent work first, then by lapse, then by the time since which it waits; equal work keeps the configuration's order.
  consuming func finish() -> Plan {
    // Stable, and in place: with ten thousand endpoints each copy has megabytes.
    due.sort { left, right in
      (right.urgency.rawValue, left.lapsesAt, left.since) < (left.urgency.rawValue, right.lapsesAt, right.since)
    }
    return Plan(due: due, next: next, upcoming: upcoming ?? [:])
  }
}
