// SPDX-License-Identifier: Apache-2.0

import Settings

/// The clocks on the wall of a time zone, in whole seconds.
///
/// A local time counts the seconds since 1970 began by those clocks, as if they had never been put forward or back.
struct ZoneClock {
  let zone: WindowZone

  func local(at instant: Int64) -> Int64 { instant + zone.offset(at: instant) }

  /// The first instant at which the clocks show `local`.
  ///
  /// Where they are put forward over it, that is when they are; where they show it twice, it is the first time.
  func instant(of local: Int64) -> Int64 {
    // No zone is as far from UTC as a day.
    let (before, after) = (local - Self.day, local + Self.day)
    let readings = Set([before, after].map { local - zone.offset(at: $0) })
    return readings.filter { self.local(at: $0) == local }.min() ?? change(past: local, in: before...after)
  }

  /// When the clocks are put forward over `local`.
  private func change(past local: Int64, in range: ClosedRange<Int64>) -> Int64 {
    var (low, high) = (range.lowerBound, range.upperBound)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if self.local(at: middle) > local { high = middle } else { low = middle }
    }
    return high
  }

  static let day: Int64 = 86_400
}
