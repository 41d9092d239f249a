// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Spans of time in their order, none of which touches another, such as all outages of a server.
struct Spans: Sendable {
  private(set) var spans: [Range<Date>] = []

  /// Spans at random, of which there are so many in a year on average; any length, in seconds, is as likely as any other.
  init(_ scenario: Scenario, _ chance: inout Chance, perYear: Double, length: ClosedRange<Double>) {
    var time = scenario.start + 2 * day
    while true {
      time += chance.pause(perYear: perYear)
      guard time < scenario.end else { return }
      let end = time + chance.ofAnySize(length.lowerBound, length.upperBound)
      spans.append(time..<end)
      time = end + 1
    }
  }

  /// - Parameter spans: in their order, none of which touches another.
  init(_ spans: [Range<Date>]) { self.spans = spans }

  init(merging all: [Spans]) {
    for span in all.flatMap(\.spans).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = spans.last, span.lowerBound <= last.upperBound {
        spans[spans.count - 1] = last.lowerBound..<max(last.upperBound, span.upperBound)
      } else {
        spans.append(span)
      }
    }
  }

  /// The span that holds `time`.
  func span(at time: Date) -> Range<Date>? {
    var (low, high) = (0, spans.count)
    while low < high {
      let middle = (low + high) / 2
      if spans[middle].upperBound <= time { low = middle + 1 } else { high = middle }
    }
    guard low < spans.count, spans[low].contains(time) else { return nil }
    return spans[low]
  }

  /// The longest time between spans from `start` to `end`, in seconds.
  func longestPause(from start: Date, to end: Date) -> TimeInterval {
    var longest: TimeInterval = 0
    var time = start
    for span in spans where span.upperBound > start && span.lowerBound < end {
      longest = max(longest, span.lowerBound.timeIntervalSince(time))
      time = span.upperBound
    }
    return max(longest, end.timeIntervalSince(time))
  }
}
