// SPDX-License-Identifier: Apache-2.0

/// Wakes one loop: however often it rings before the loop listens again, the loop wakes once.
package struct Bell: Sendable {
  /// What the loop iterates over; only one may.
  package let rings: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  package init() {
    (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Wakes the loop now, or at once when it next listens.
  package func ring() { continuation.yield() }
}
