// SPDX-License-Identifier: Apache-2.0

/// Repeated calls follow one another at once: the simulated clock does not move meanwhile.
struct NoPauses: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration = .zero

    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  var now: Instant { Instant() }
  var minimumResolution: Duration { .zero }

  func sleep(until _: Instant, tolerance _: Duration?) async throws { try Task.checkCancellation() }
}
