// SPDX-License-Identifier: Apache-2.0

/// Repeated calls follow one another at once: a clock that somebody else moves does not move meanwhile.
package struct NoPauses: Clock {
  package struct Instant: InstantProtocol {
    private var offset: Duration = .zero

    fileprivate init(offset: Duration = .zero) { self.offset = offset }
    package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    package func duration(to other: Instant) -> Duration { other.offset - offset }
    package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  package init() {}
  package var now: Instant { Instant() }
  package var minimumResolution: Duration { .zero }

  package func sleep(until _: Instant, tolerance _: Duration?) async throws { try Task.checkCancellation() }
}
