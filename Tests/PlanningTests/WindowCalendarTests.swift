// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning
import Settings
import Testing

/// When windows open and close.
///
/// Clocks in Berlin are put forward on 2026-03-29 at 01:00Z, and back on 2026-10-25 at 01:00Z.
struct WindowCalendarTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var title: String
    var days: Set<ChangeWindow.Day> = Set(ChangeWindow.Day.allCases)
    /// Hours and minutes, such as 2215.
    var hours: (from: Int, to: Int)
    var zone = "UTC"
    /// Any time before, at which it is closed.
    var after: String
    var opens: String
    var closes: String
    var testDescription: String { title }
  }

  static let cases = [
    Case(
      title: "on its day", days: [.wednesday], hours: (1000, 1200), after: "2026-06-01T00:00:00Z",
      opens: "2026-06-03T10:00:00Z", closes: "2026-06-03T12:00:00Z"),
    Case(
      title: "a week later once it has closed", days: [.wednesday], hours: (1000, 1200), after: "2026-06-03T12:00:00Z",
      opens: "2026-06-10T10:00:00Z", closes: "2026-06-10T12:00:00Z"),
    Case(
      title: "over midnight", days: [.saturday, .sunday], hours: (2200, 400), zone: "Europe/Berlin",
      after: "2026-11-25T12:00:00Z", opens: "2026-11-28T21:00:00Z", closes: "2026-11-29T03:00:00Z"),
    Case(
      title: "over midnight into a day that is not listed", days: [.saturday, .sunday], hours: (2200, 400),
      zone: "Europe/Berlin", after: "2026-11-29T04:00:00Z", opens: "2026-11-29T21:00:00Z",
      closes: "2026-11-30T03:00:00Z"
    ),
    Case(
      title: "the early hours of a listed day belong to the day before", days: [.saturday], hours: (2200, 400),
      zone: "Europe/Berlin", after: "2026-11-28T01:00:00Z", opens: "2026-11-28T21:00:00Z",
      closes: "2026-11-29T03:00:00Z"
    ),
    Case(
      title: "over the end of the year", days: [.thursday], hours: (2330, 30), after: "2026-12-28T00:00:00Z",
      opens: "2026-12-31T23:30:00Z", closes: "2027-01-01T00:30:00Z"),
    Case(
      title: "a whole day", days: [.sunday], hours: (0, 2400), zone: "America/New_York", after: "2026-06-01T04:00:00Z",
      opens: "2026-06-07T04:00:00Z", closes: "2026-06-08T04:00:00Z"),
    Case(
      title: "before 1970", days: [.wednesday], hours: (1000, 1200), after: "1969-12-30T00:00:00Z",
      opens: "1969-12-31T10:00:00Z", closes: "1969-12-31T12:00:00Z"),

    // Clocks that are put forward from 02:00 to 03:00.
    Case(
      title: "forward within the window: it is an hour shorter", days: [.saturday], hours: (2200, 400),
      zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z", opens: "2026-03-28T21:00:00Z",
      closes: "2026-03-29T02:00:00Z"
    ),
    Case(
      title: "forward over the whole window: it keeps its length", days: [.sunday], hours: (215, 245),
      zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z", opens: "2026-03-29T01:00:00Z",
      closes: "2026-03-29T01:30:00Z"
    ),
    Case(
      title: "forward over its beginning", days: [.sunday], hours: (230, 315), zone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z", opens: "2026-03-29T01:00:00Z", closes: "2026-03-29T01:15:00Z"),
    Case(
      title: "forward over its end", days: [.sunday], hours: (130, 230), zone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z", opens: "2026-03-29T00:30:00Z", closes: "2026-03-29T01:00:00Z"),
    Case(
      title: "forward over all but a minute", days: [.sunday], hours: (256, 301), zone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z", opens: "2026-03-29T01:00:00Z", closes: "2026-03-29T01:05:00Z"),
    Case(
      title: "forward over midnight", days: [.friday], hours: (0, 30), zone: "Africa/Cairo",
      after: "2026-04-23T12:00:00Z", opens: "2026-04-23T22:00:00Z", closes: "2026-04-23T22:30:00Z"),
    Case(
      title: "a day that a zone left out", days: [.friday], hours: (1000, 1100), zone: "Pacific/Apia",
      after: "2011-12-28T00:00:00Z", opens: "2011-12-30T10:00:00Z", closes: "2011-12-30T11:00:00Z"),

    // Clocks that are put back from 03:00 to 02:00.
    Case(
      title: "back within the window: it is an hour longer", days: [.saturday], hours: (2200, 400),
      zone: "Europe/Berlin",
      after: "2026-10-24T12:00:00Z", opens: "2026-10-24T20:00:00Z", closes: "2026-10-25T03:00:00Z"),
    Case(
      title: "back over the whole window: it opens the first time", days: [.sunday], hours: (215, 245),
      zone: "Europe/Berlin", after: "2026-10-24T12:00:00Z", opens: "2026-10-25T00:15:00Z",
      closes: "2026-10-25T00:45:00Z"
    ),
    Case(
      title: "back over its end: it closes the first time", days: [.sunday], hours: (130, 215), zone: "Europe/Berlin",
      after: "2026-10-24T12:00:00Z", opens: "2026-10-24T23:30:00Z", closes: "2026-10-25T00:15:00Z"),
    Case(
      title: "back over its beginning", days: [.sunday], hours: (230, 330), zone: "Europe/Berlin",
      after: "2026-10-24T12:00:00Z", opens: "2026-10-25T00:30:00Z", closes: "2026-10-25T02:30:00Z"),

    // Far from UTC.
    Case(
      title: "fourteen hours ahead", days: [.monday], hours: (800, 900), zone: "Pacific/Kiritimati",
      after: "2026-05-30T00:00:00Z", opens: "2026-05-31T18:00:00Z", closes: "2026-05-31T19:00:00Z"),
    Case(
      title: "eleven hours behind", days: [.monday], hours: (2200, 2300), zone: "Pacific/Pago_Pago",
      after: "2026-06-01T00:00:00Z", opens: "2026-06-02T09:00:00Z", closes: "2026-06-02T10:00:00Z"),
    Case(
      title: "by quarters of an hour", days: [.monday], hours: (100, 200), zone: "Asia/Kathmandu",
      after: "2026-05-31T00:00:00Z", opens: "2026-05-31T19:15:00Z", closes: "2026-05-31T20:15:00Z"),
  ]

  @Test(arguments: cases)
  func `a window opens and closes by the clocks of its zone`(_ row: Case) throws {
    let window = ChangeWindow(
      days: row.days, from: Self.minutes(row.hours.from), to: Self.minutes(row.hours.to),
      zone: try #require(WindowZone(row.zone)))
    let (after, opens, closes) = (try Self.time(row.after), try Self.time(row.opens), try Self.time(row.closes))
    #expect(WindowCalendar.nextOpening(of: [window], after: after)?.at == opens)
    #expect(WindowCalendar.nextOpening(of: [window], after: opens - 0.5)?.at == opens)
    for inside in [opens, opens + 0.5, closes - 60, closes - 0.001] {
      #expect(WindowCalendar.nextOpening(of: [window], after: inside)?.at == inside)
    }
    #expect(try #require(WindowCalendar.nextOpening(of: [window], after: closes)).at > closes + 3600)
  }

  @Test func `of several windows the next one counts, and without any there is nothing to wait for`() throws {
    let windows = [
      ChangeWindow(days: [.monday], from: 600, to: 660),
      ChangeWindow(days: [.monday], from: 600, to: 660, zone: try #require(WindowZone("Asia/Tokyo"))),
    ]
    let opening = try #require(WindowCalendar.nextOpening(of: windows, after: try Self.time("2026-05-31T12:00:00Z")))
    #expect(opening.at == (try Self.time("2026-06-01T01:00:00Z")) && opening.window == windows[1])
    #expect(WindowCalendar.nextOpening(of: [], after: start) == nil && WindowCalendar.isOpen([], at: start))
  }

  @Test func `times of no calendar are no trap`() {
    let window = ChangeWindow(days: [.monday], from: 600, to: 660)
    for time in [Date.distantFuture, .distantPast, Date(timeIntervalSince1970: 1e300)] {
      #expect(WindowCalendar.nextOpening(of: [window], after: time).map { $0.at >= time } ?? true)
    }
  }

  static let zones = [
    "UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Chatham", "Australia/Lord_Howe",
    "America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Antarctica/Troll", "Asia/Beirut",
  ]

  /// Twelve thousand random windows and times, and what the wall shows by Foundation's calendar.
  @Test(arguments: zones)
  func `the next opening is not before the time, lies in a window, and is the first that does`(zone: String) throws {
    var generator = SplitMix64(seed: zone.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    let known = try #require(WindowZone(zone))
    let wall = try #require(Wall(zone))
    for _ in 0..<1000 {
      let window = Self.window(known, &generator)
      let time = start + Double.random(in: -3650 * day...7300 * day, using: &generator)
      let opening = try #require(WindowCalendar.nextOpening(of: [window], after: time)).at
      #expect(opening >= time && opening <= time + 8 * day)
      #expect(WindowCalendar.nextOpening(of: [window], after: opening)?.at == opening)
      #expect(WindowCalendar.isOpen([window], at: time) == (opening == time))
      if opening > time {
        let between = Date(
          timeIntervalSince1970: .random(
            in: time.timeIntervalSince1970..<opening.timeIntervalSince1970, using: &generator))
        #expect(WindowCalendar.nextOpening(of: [window], after: between)?.at == opening)
      }
      guard !wall.changes(around: time) else { continue }
      #expect(WindowCalendar.isOpen([window], at: time) == wall.shows(window, at: time), "\(window) at \(time)")
    }
  }

  private static func window(_ zone: WindowZone, _ generator: inout SplitMix64) -> ChangeWindow {
    let days = ChangeWindow.Day.allCases.filter { _ in Bool.random(using: &generator) }
    let from = Int.random(in: 0..<1440, using: &generator)
    let length = Int.random(in: 5..<1440, using: &generator)
    return ChangeWindow(
      days: days.isEmpty ? [.tuesday] : Set(days), from: from, to: (from + length) % 1440, zone: zone)
  }

  private static func minutes(_ hours: Int) -> Int { hours / 100 * 60 + hours % 100 }

  private static func time(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }
}

/// What the clocks on the wall of a zone show, by Foundation.
private struct Wall {
  private var calendar = Calendar(identifier: .gregorian)

  init?(_ zone: String) {
    guard let zone = TimeZone(identifier: zone) else { return nil }
    calendar.timeZone = zone
  }

  func changes(around time: Date) -> Bool {
    calendar.timeZone.secondsFromGMT(for: time - 2 * day) != calendar.timeZone.secondsFromGMT(for: time + 2 * day)
  }

  func shows(_ window: ChangeWindow, at time: Date) -> Bool {
    let parts = calendar.dateComponents([.weekday, .hour, .minute], from: time)
    guard let weekday = parts.weekday, let hour = parts.hour, let minute = parts.minute else { return false }
    let all = ChangeWindow.Day.allCases
    // Foundation counts from Sunday, which is 1.
    let (today, yesterday) = (all[(weekday + 5) % 7], all[(weekday + 4) % 7])
    let minutes = hour * 60 + minute
    guard window.to <= window.from else {
      return window.days.contains(today) && (window.from..<window.to).contains(minutes)
    }
    return window.days.contains(today) && minutes >= window.from
      || window.days.contains(yesterday) && minutes < window.to
  }
}
