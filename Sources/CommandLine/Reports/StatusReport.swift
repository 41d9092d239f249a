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

  /// What should have been done a while ago.
  struct Overdue: Encodable {
    let kind: String
    let name: String
    let what: String
    let since: Date

    /// Of works that are overdue; hooks are found among `hooks`.
    static func of(_ works: [DueWork], _ hooks: [HookState]) -> [Overdue] {
      works.compactMap { due in
        guard let subject = due.work.subject(among: hooks), let what = due.work.step else { return nil }
        return Overdue(kind: subject.kind, name: subject.name, what: what.rawValue, since: due.since)
      }
    }
  }

  let now: Date
  let entries: [Entry]
  let next: Next?
  let daemon: DaemonPresence
  let overdue: [Overdue]
  private let headline: String
  /// Whether files are in use that nothing renews.
  private let hasUnattendedFiles: Bool

  private enum CodingKeys: String, CodingKey {
    case now, entries, next, daemon, overdue
  }

  init(_ status: Status, now: Date, daemon: DaemonPresence, overdue: [Overdue]) {
    self.now = now
    self.daemon = daemon
    self.overdue = overdue
    hasUnattendedFiles = status.subjects.contains(where: \.isUnattended)
    entries = status.subjects.map { Entry($0) }
    next = status.happensNext.flatMap { subject in
      guard let at = subject.nextAttempt, let what = subject.nextStep else { return nil }
      return Next(kind: subject.subject.kind, name: subject.subject.name, what: what.rawValue, at: at)
    }
    headline = Self.headline(status, now: now)
  }

  /// Whether something is wrong that an operator should know.
  var hasFault: Bool {
    entries.contains { ["failing", "expired", "expiring"].contains($0.state) } || hasUnattendedFiles
      || isStandingStill
  }

  /// Whether something is overdue or waits, and no daemon runs that could do it.
  private var isStandingStill: Bool {
    daemon == .stopped && (!overdue.isEmpty || entries.contains { $0.state == SubjectState.waiting.rawValue })
  }

  var text: String {
    guard !entries.isEmpty else {
      return (absence + ["nothing is configured: add an endpoint to the configuration and reload"])
        .joined(separator: "\n")
    }
    var table = TextTable(["KIND", "NAME", "STATE", "BREAKS", "NEXT", "WHY"])
    for entry in entries {
      table.add([
        entry.kind, entry.name, entry.state, entry.breaks.map { Self.distance($0, from: now) } ?? "-",
        entry.nextAttempt.map { "\(entry.nextWhat.map { "\($0) " } ?? "")\(Self.distance($0, from: now))" } ?? "-",
        entry.reason,
      ])
    }
    return (absence + [headline]).filter { !$0.isEmpty }.joined(separator: "\n") + "\n\n" + table.text
  }

  /// That no daemon runs, and what should have been done since; nothing where one does, or nobody can tell.
  private var absence: [String] {
    guard daemon == .stopped else { return [] }
    var lines = ["no daemon runs, and nothing is done until it does: systemctl start certrotd"]
    lines += overdue.prefix(3).map { late in
      "overdue: \(late.kind) \(late.name), \(late.what), since \(TimeText.span(now.timeIntervalSince(late.since)))"
    }
    if overdue.count > 3 { lines.append("overdue: \(overdue.count - 3) more") }
    return lines
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
