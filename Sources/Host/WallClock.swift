// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The time of day, for end dates and records; waiting is done on a monotonic `Clock` or a `WallClockTimer`.
package protocol WallClock: Sendable {
  /// The present moment, as the host believes it; it may jump either way at any time.
  func now() -> Date
}

/// The host's own clock (clock_gettime(2) `CLOCK_REALTIME`).
package struct SystemWallClock: WallClock {
  package init() {}
  package func now() -> Date { Date() }
}
