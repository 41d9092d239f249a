// SPDX-License-Identifier: Apache-2.0

/// Hours of some days of the week in which the files of a keystore may change.
package struct ChangeWindow: Sendable, Hashable {
  /// In the order of the week.
  package enum Day: String, Sendable, CaseIterable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// As in a configuration file, such as `mon`.
    package var shortName: String { String(rawValue.prefix(3)) }
  }

  /// The days on which it begins.
  package var days: Set<Day>
  /// Minutes after midnight at which it begins, less than those of a day.
  package var from: Int
  /// Minutes after midnight at which it ends; on the day after where that is not later than `from`.
  package var to: Int
  package var zone: WindowZone

  package init(days: Set<Day> = Set(Day.allCases), from: Int, to: Int, zone: WindowZone = .utc) {
    self.days = days
    self.from = from
    self.to = to
    self.zone = zone
  }

  /// In minutes, by a clock that nobody puts forward or back.
  package var length: Int { to > from ? to - from : to - from + Self.minutesPerDay }

  package static let minutesPerDay = 1440
  /// In minutes.
  package static let shortest = 5
}

extension ChangeWindow {
  /// The longest time, in seconds, for which none of `windows` is open; 0 without any.
  ///
  /// Where their zones differ, the best zone counts alone: the true time may be shorter, and is never longer.
  static func longestClosure(of windows: [ChangeWindow]) -> Double {
    Dictionary(grouping: windows, by: \.zone)
      .map { zone, windows in
        let minutes = longestClosure(inOneZone: windows)
        // Clocks that are put forward or back on a day without a window, by two hours at most (Antarctica/Troll).
        return minutes > 0 && zone != .utc ? Double(minutes * 60 + 7200) : Double(minutes * 60)
      }.min() ?? 0
  }

  /// In minutes of a week without a change of clocks.
  private static func longestClosure(inOneZone windows: [ChangeWindow]) -> Int {
    let week = 7 * minutesPerDay
    let spans = windows.flatMap { window in
      Day.allCases.enumerated().filter { window.days.contains($1) }.map { day, _ in
        (begin: day * minutesPerDay + window.from, end: day * minutesPerDay + window.from + window.length)
      }
    }.sorted { $0.begin < $1.begin }
    guard let first = spans.first else { return week }
    // What runs from Sunday into Monday is open when the week begins.
    var end = (spans.map(\.end).max() ?? 0) - week
    var longest = 0
    for span in spans + [(begin: first.begin + week, end: first.end + week)] {
      longest = max(longest, span.begin - end)
      end = max(end, span.end)
    }
    return longest
  }
}
