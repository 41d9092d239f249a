// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Synchronization

/// A wall clock that the simulation sets.
final class SimulatedClock: WallClock {
  private let time: Mutex<Date>

  init(_ start: Date) { time = Mutex(start) }

  func now() -> Date { time.withLock(\.self) }

  func set(_ date: Date) { time.withLock { $0 = date } }
}
