// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning

/// What `certrotd plan` shows.
struct PlanReport: Output.Displayable {
  struct Entry: Encodable {
    let kind: String
    let name: String
    let what: String
    let due: Date
    let lapses: Date?
    let why: String
  }

  let now: Date
  let days: Int
  let entries: [Entry]

  init(_ entries: [ForecastEntry], now: Date, days: Int) {
    self.now = now
    self.days = days
    self.entries = entries.map { entry in
      Entry(
        kind: entry.subject.kind, name: entry.subject.name, what: entry.what.rawValue, due: entry.dueAt,
        lapses: entry.lapsesAt, why: entry.why)
    }
  }

  var text: String {
    guard !entries.isEmpty else { return "nothing is due within \(days) days" }
    var table = TextTable(["WHEN", "KIND", "NAME", "WHAT", "LAPSES", "WHY"])
    for entry in entries {
      table.add([
        StatusReport.distance(entry.due, from: now), entry.kind, entry.name, entry.what,
        entry.lapses.map { StatusReport.distance($0, from: now) } ?? "-", entry.why,
      ])
    }
    return table.text
  }
}
