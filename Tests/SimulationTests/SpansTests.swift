// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Simulation

struct SpansTests {
  private let scenario = Scenario(years: 10, endpoints: 1, keys: 1, seed: 5)

  @Test func `spans follow one another, each found by a time within it`() throws {
    var chance = Chance(scenario, "test")
    let spans = Spans(scenario, &chance, perYear: 12, length: hour...(21 * day))
    #expect(spans.spans.count > 60 && spans.spans.count < 160)
    for (span, next) in zip(spans.spans, spans.spans.dropFirst()) {
      #expect(span.upperBound < next.lowerBound)
      #expect(spans.span(at: span.lowerBound) == span)
      #expect(spans.span(at: span.upperBound - 1) == span)
      #expect(spans.span(at: span.upperBound) == nil)
    }
    #expect(spans.span(at: scenario.start) == nil)
  }

  @Test func `what overlaps is one span, and the longest pause lies between two`() {
    let start = scenario.start
    let merged = Spans(merging: [
      spans([(10, 20), (50, 60)]), spans([(15, 30), (58, 59)]),
    ])
    #expect(merged.spans == [start + 10..<start + 30, start + 50..<start + 60])
    #expect(merged.longestPause(from: start, to: start + 100) == 40)
    #expect(merged.longestPause(from: start + 12, to: start + 58) == 20)
    #expect(merged.longestPause(from: start + 12, to: start + 30) == 0)
    #expect(Spans(merging: []).longestPause(from: start, to: start + 5) == 5)
  }

  private func spans(_ seconds: [(Double, Double)]) -> Spans {
    Spans(seconds.map { scenario.start + $0..<scenario.start + $1 })
  }
}
