// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Ledger
import Planning

/// What `certrotd history` shows.
struct HistoryReport: Output.Displayable {
  struct Entry: Encodable {
    let at: Date
    let kind: String
    let name: String
    let event: String
    let message: String
    let fields: [String: String]
  }

  struct Generation: Encodable {
    let number: Int
    let state: String
    let reason: String
    /// Why it failed or was withdrawn; nil for any other.
    let outcome: String?
    let begun: Date
    let current: Date?
    let identity: String?
    let trust: Int
  }

  /// Of what has the name and is in the configuration no longer.
  private(set) var removed: [Removal] = []
  private(set) var events: [Entry] = []
  private(set) var generations: [Generation] = []

  mutating func add(_ removal: Removal) { removed.append(removal) }

  mutating func add(_ subject: Subject, _ entries: [HistoryEntry]) {
    let new = entries.map { entry in
      Entry(
        at: entry.at, kind: subject.kind, name: subject.name, event: entry.event, message: entry.message,
        fields: entry.fields)
    }
    events = Self.merged(events[...], new[...])
  }

  /// Leaves the newest events, whatever they are of.
  mutating func keep(newest limit: Int) { events = Array(events.prefix(limit)) }

  /// Both lists, newest first; each keeps its own order, which a clock that was set back does not change.
  private static func merged(_ one: ArraySlice<Entry>, _ other: ArraySlice<Entry>) -> [Entry] {
    var (one, other) = (one, other)
    var merged: [Entry] = []
    while let first = one.first, let second = other.first {
      merged.append(first.at >= second.at ? one.removeFirst() : other.removeFirst())
    }
    return merged + one + other
  }

  mutating func add(_ stored: [StoredGeneration]) {
    generations += stored.map { generation in
      Generation(
        number: generation.number, state: generation.state.name, reason: generation.reason,
        outcome: generation.state.outcome, begun: generation.begunAt, current: generation.currentSince,
        identity: generation.leaf?.description, trust: generation.trust.count)
    }
  }

  var text: String {
    (removed.map { "\($0.kind) \($0.name) \($0.sentence)\n\n" } + [happenings]).joined()
  }

  private var happenings: String {
    guard !events.isEmpty || !generations.isEmpty else { return "nothing has happened yet" }
    return [eventTable, generationTable].compactMap(\.self).joined(separator: "\n\n")
  }

  private var eventTable: String? {
    guard !events.isEmpty else { return nil }
    var happened = TextTable(["WHEN", "EVENT", "WHAT"])
    for event in events { happened.add([TimeText.instant(event.at), event.event, event.message]) }
    return happened.text
  }

  private var generationTable: String? {
    guard !generations.isEmpty else { return nil }
    var made = TextTable(["GENERATION", "STATE", "BEGUN", "TRUSTED", "IDENTITY", "WHY"])
    for generation in generations {
      made.add([
        String(generation.number), generation.state, TimeText.instant(generation.begun), String(generation.trust),
        generation.identity.map { String($0.prefix(16)) } ?? "-",
        generation.outcome.map { "\(generation.reason); \(generation.state): \($0)" } ?? generation.reason,
      ])
    }
    return made.text
  }
}
