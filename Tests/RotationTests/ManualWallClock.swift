// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Synchronization

/// A wall clock that stands still until a test moves it.
final class ManualWallClock: WallClock {
  private let time: Mutex<Date>

  init(_ start: Date = aTime) { time = Mutex(start) }

  func now() -> Date { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 += duration / .seconds(1) } }

  func set(_ date: Date) { time.withLock { $0 = date } }
}

/// 2026-02-28 23:59:58 UTC, a whole second as certificates store them.
let aTime = Date(timeIntervalSince1970: 1_772_323_198)

/// In seconds.
let day: TimeInterval = 86_400

extension Duration {
  static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
  static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }
}
