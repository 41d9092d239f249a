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
    /// What is done then, a word of `certrotd plan`.
    let nextWhat: String?
    let missing: [String]
    /// Of a keystore with `confirm`.
    let confirmation: ConfirmationReport?

    private enum CodingKeys: String, CodingKey {
      case kind, name, state, reason, breaks, missing, confirmation
      case breaksWhat = "breaks-what"
      case lastAttempt = "last-attempt"
      case lastSuccess = "last-success"
      case nextAttempt = "next-attempt"
      case nextWhat = "next-what"
    }
  }

  /// What happens first.
  struct Next: Encodable {
    let kind: String
    let name: String
    let what: String
    let at: Date
  }

  let now: Date
  let entries: [Entry]
  let next: Next?
  private let headline: String

  private enum CodingKeys: String, CodingKey {
    case now, entries, next
  }

  init(_ status: Status, now: Date) {
    self.now = now
    entries = status.subjects.map { Entry($0) }
    next = status.happensNext.flatMap { subject in
      guard let at = subject.nextAttempt, let what = subject.nextStep else { return nil }
      return Next(kind: subject.subject.kind, name: subject.subject.name, what: what.rawValue, at: at)
    }
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
        entry.nextAttempt.map { "\(entry.nextWhat.map { "\($0) " } ?? "")\(Self.distance($0, from: now))" } ?? "-",
        entry.reason,
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
    let failing = status.failing
    for subject in failing.prefix(3) { lines.append("failing: \(subject.subject): \(subject.reason)") }
    if failing.count > 3 { lines.append("failing: \(failing.count - 3) more") }
    if let next = status.happensNext, let at = next.nextAttempt, let what = next.nextStep {
      lines.append("next: \(next.subject), \(what.rawValue), \(distance(at, from: now))")
    }
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
  /// What is in the configuration no longer has no state but that.
  init(_ removal: Removal) {
    self.init(
      kind: removal.kind, name: removal.name, state: "removed", reason: "it \(removal.sentence)", breaks: nil,
      breaksWhat: nil, lastAttempt: nil, lastSuccess: nil, nextAttempt: nil, nextWhat: nil, missing: [],
      confirmation: nil)
  }

  init(_ status: SubjectStatus) {
    self.init(
      kind: status.subject.kind, name: status.subject.name, state: status.state.rawValue, reason: status.reason,
      breaks: status.breakage?.at, breaksWhat: status.breakage?.what, lastAttempt: status.lastAttempt,
      lastSuccess: status.lastSuccess, nextAttempt: status.nextAttempt, nextWhat: status.nextStep?.rawValue,
      missing: status.missing, confirmation: status.confirmation.map { ConfirmationReport($0) })
  }
}
