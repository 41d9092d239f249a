// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning

/// What `certrotd status` shows: what breaks next, and how each thing stands.
struct StatusReport: Output.Displayable {
  struct Entry: Encodable {
    let kind: String
    let name: String
    let state: String
    let reason: String
    let breaks: Date?
    let breaksWhat: String?
    let lastAttempt: Date?
    let lastSuccess: Date?
    let nextAttempt: Date?
    let missing: [String]

    private enum CodingKeys: String, CodingKey {
      case kind, name, state, reason, breaks, missing
      case breaksWhat = "breaks-what"
      case lastAttempt = "last-attempt"
      case lastSuccess = "last-success"
      case nextAttempt = "next-attempt"
    }
  }

  let now: Date
  let entries: [Entry]
  private let headline: String

  private enum CodingKeys: String, CodingKey {
    case now, entries
  }

  init(_ status: Status, now: Date) {
    self.now = now
    entries = status.subjects.map(Entry.init)
    headline = Self.headline(status, now: now)
  }

  /// Whether something is wrong that an operator should know.
  var hasFault: Bool {
    entries.contains { ["failing", "expired", "expiring"].contains($0.state) }
  }

  var text: String {
    guard !entries.isEmpty else { return "nothing is configured: add an endpoint to the configuration and reload" }
    var table = TextTable(["KIND", "NAME", "STATE", "BREAKS", "NEXT", "WHY"])
    for entry in entries {
      table.add([
        entry.kind, entry.name, entry.state, entry.breaks.map { Self.distance($0, from: now) } ?? "-",
        entry.nextAttempt.map { Self.distance($0, from: now) } ?? "-", entry.reason,
      ])
    }
    return headline + "\n\n" + table.text
  }

  private static func headline(_ status: Status, now: Date) -> String {
    var lines: [String] = []
    if let next = status.breaksNext, let breakage = next.breakage {
      lines.append(
        "breaks next: \(next.subject), \(breakage.what), \(distance(breakage.at, from: now)) "
          + "(\(TimeText.instant(breakage.at)))")
    }
    let failing = status.subjects.filter { $0.state == .failing }
    for subject in failing.prefix(3) { lines.append("failing: \(subject.subject): \(subject.reason)") }
    if failing.count > 3 { lines.append("failing: \(failing.count - 3) more") }
    let next = status.plan.due.isEmpty ? status.plan.next : now
    if let next { lines.append("next: \(distance(next, from: now))") }
    return lines.joined(separator: "\n")
  }

  /// "in 6 h 2 min", "3 d ago", "now".
  static func distance(_ time: Date, from now: Date) -> String {
    let seconds = time.timeIntervalSince(now)
    if abs(seconds) < 1 { return "now" }
    return seconds > 0 ? "in \(TimeText.span(seconds))" : "\(TimeText.span(seconds)) ago"
  }
}

extension StatusReport.Entry {
  init(_ status: SubjectStatus) {
    self.init(
      kind: status.subject.kind, name: status.subject.name, state: status.state.rawValue, reason: status.reason,
      breaks: status.breakage?.at, breaksWhat: status.breakage?.what, lastAttempt: status.lastAttempt,
      lastSuccess: status.lastSuccess, nextAttempt: status.nextAttempt, missing: status.missing)
  }
}
