// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// When change windows are open, as the clocks of their zones show it.
package enum WindowCalendar {
  /// The first time from `time` on at which one of `windows` is open: `time` itself where one is.
  ///
  /// - Returns: also the window that is meant; nil without any window.
  package static func nextOpening(of windows: [ChangeWindow], after time: Date) -> (at: Date, window: ChangeWindow)? {
    windows.compactMap { window in opening(of: window, after: time).map { (at: $0, window: window) } }
      .min { $0.at < $1.at }
  }

  /// Whether one of `windows` is open; true without any.
  package static func isOpen(_ windows: [ChangeWindow], at time: Date) -> Bool {
    nextOpening(of: windows, after: time).map { $0.at <= time } ?? true
  }

  private static func opening(of window: ChangeWindow, after time: Date) -> Date? {
    let clock = ZoneClock(zone: window.zone)
    // Far enough for every certificate, and near enough for an integer.
    let seconds = min(max(time.timeIntervalSince1970, -1e11), 1e11).rounded(.down)
    let today = floor(clock.local(at: Int64(seconds)), ZoneClock.day)
    // One that began yesterday may still be open; a week later each day of the week has come once, and the days that a
    // zone left out when it moved across the date line are made up for.
    return (today - 2...today + 9).lazy.filter { window.days.contains(weekday($0)) }
      .map { span(of: window, on: $0, clock) }
      .first { $0.end > time }.map { max($0.begin, time) }
  }

  /// When the window opens that belongs to a day, and when it closes; `day` counts from 1970-01-01.
  private static func span(of window: ChangeWindow, on day: Int64, _ clock: ZoneClock) -> (begin: Date, end: Date) {
    let midnight = day * ZoneClock.day
    let from = midnight + Int64(window.from) * 60
    let length = Int64(window.length) * 60
    let begin = clock.instant(of: from)
    var end = clock.instant(of: from + length)
    // The clocks are put forward over it: it keeps its length, from that moment on.
    if end - begin < Int64(ChangeWindow.shortest) * 60 { end = begin + length }
    return (Date(timeIntervalSince1970: Double(begin)), Date(timeIntervalSince1970: Double(end)))
  }

  /// 1970 began on a Thursday.
  private static func weekday(_ day: Int64) -> ChangeWindow.Day {
    let all = ChangeWindow.Day.allCases
    let position = (day % 7 + 7 + 3) % 7
    return all[all.startIndex + Int(position)]
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
  }
}

extension ChangeWindow {
  /// A time as the clocks of the zone show it, and in UTC: "2026-11-28 22:00 Europe/Berlin (2026-11-28 21:00:00Z)".
  func text(of time: Date) -> String {
    let universal = TimeText.instant(time)
    guard zone != .utc else { return universal }
    let seconds = Int64(min(max(time.timeIntervalSince1970, -1e11), 1e11))
    let local = Date(timeIntervalSince1970: Double(ZoneClock(zone: zone).local(at: seconds)))
    return "\(TimeText.instant(local).prefix("0000-00-00 00:00".count)) \(zone.name) (\(universal))"
  }
}
