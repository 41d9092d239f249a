// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Planning
@testable import Settings

/// What holds of every change window in every zone at every time.
struct WindowPropertyTests {
  /// With clocks that are put forward and back in both halves of the year, by an hour, by half of one, at midnight, never.
  private static let zones = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago",
    "Asia/Kathmandu", "Antarctica/Troll", "Pacific/Kiritimati",
  ]

  struct Case: CustomStringConvertible {
    var windows: [ChangeWindow]
    /// Two times, the first one before the other, and a part of the time between.
    var times: (Date, Date)
    var part: Double
    var description: String { "\(windows) at \(times), \(part)" }
  }

  private static func windows(_ choices: inout Choices) -> [ChangeWindow] {
    let further = choices.list(upTo: 3) { Self.window(&$0) }
    return [window(&choices)] + further
  }

  private static func window(_ choices: inout Choices) -> ChangeWindow {
    let days = ChangeWindow.Day.allCases.filter { _ in choices.isChosen(onceIn: 2) }
    let from = choices.number(0...1439)
    let length = choices.number(ChangeWindow.shortest...1440)
    let end = (from + length) % 1440
    return ChangeWindow(
      days: days.isEmpty ? [.monday] : Set(days), from: from, to: end == 0 ? 1440 : end,
      zone: WindowZone(choices.element(of: zones)) ?? .utc)
  }

  /// Any time of twelve years.
  private static func made(_ choices: inout Choices) -> Case {
    let first = start + Double(choices.number(0...12 * 366 * 86_400))
    return Case(
      windows: windows(&choices), times: (first, first + Double(choices.number(0...20 * 86_400))),
      part: Double(choices.number(0...1000)) / 1000)
  }

  private static func objection(_ made: Case) -> String? {
    let (time, later) = made.times
    guard let opening = WindowCalendar.nextOpening(of: made.windows, after: time)?.at,
      let other = WindowCalendar.nextOpening(of: made.windows, after: later)?.at
    else { return "it never opens" }
    if opening < time { return "it opened before" }
    if opening.timeIntervalSince(time) > ChangeWindow.longestClosure(of: made.windows) {
      return "it stays closed for longer than the longest closure, until \(opening)"
    }
    if !WindowCalendar.isOpen(made.windows, at: opening) { return "it is closed when it opens" }
    if other < opening { return "who asks later is told an earlier time" }
    let between = time + made.part * opening.timeIntervalSince(time)
    if between < opening, WindowCalendar.isOpen(made.windows, at: between) { return "it opens before it opens" }
    return nil
  }

  @Test func `a window opens when it is said to, not before, and within the longest closure`() {
    let found = Property(for: Self.made, objection: Self.objection).counterexample(in: 5000, seed: 1)
    #expect(found == nil)
  }

  struct Wait: CustomStringConvertible {
    var windows: [ChangeWindow]
    /// In hours from `start` on: when the identity in force ends, when it began, and what time it is.
    var ends: Int
    var lifetime: Int
    var now: Int
    var description: String { "\(windows), ends \(ends) h, life \(lifetime) h, now \(now) h" }
  }

  @Test func `no new identity waits for a window into the last tenth of the old one`() {
    let property = Property { choices in
      Wait(
        windows: Self.windows(&choices), ends: choices.number(1...3000), lifetime: choices.number(1...4000),
        now: choices.number(0...3200))
    } objection: { wait in
      let end = Double(wait.ends) * hour
      var sample = Sample(identity: .serviceKey("sender"))
      sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
      let begin = end - Double(wait.lifetime) * hour
      sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: begin, to: end)
      sample.keystore.changeWindows = wait.windows
      sample.deliver(at: start)
      let now = start + Double(wait.now) * hour
      sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: begin, to: end + 5000 * hour)
      let isDue = sample.due(sample.write, at: now) != nil
      let isOpen = WindowCalendar.isOpen(wait.windows, at: now)
      let isLate = LastTenth.start(notBefore: start + begin, notAfter: start + end) <= now
      if isDue != (isOpen || isLate) { return isDue ? "written while it is closed" : "not written" }
      guard !isDue else { return nil }
      let next = Planner.plan(sample.configuration, sample.inventory, now: now, foreseeing: true).upcoming[sample.write]
      let latest = LastTenth.start(notBefore: start + begin, notAfter: start + end)
      guard let next, next > now, next <= latest else { return "it waits until \(String(describing: next))" }
      return nil
    }
    #expect(property.counterexample(in: 1500, seed: 1) == nil)
  }
}
