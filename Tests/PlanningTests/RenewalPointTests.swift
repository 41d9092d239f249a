// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

@Suite struct RenewalPointTests {
  private static let cases: [(Double, RenewBefore, Double)] = [
    (365.0, RenewBefore.fraction(0.33), 365 * 0.67),
    (365.0, .duration(.seconds(30 * 86_400)), 335.0),
    // A duration as long as the lifetime gives way to a third of it.
    (20.0, .duration(.seconds(30 * 86_400)), 20 * 0.67),
    (30.0, .duration(.seconds(30 * 86_400)), 30 * 0.67),
    // One a little shorter is the operator's word, however early it makes the renewal.
    (31.0, .duration(.seconds(30 * 86_400)), 1.0),
    (365.0, .fraction(0), 365 * 0.67),
    (365.0, .fraction(1), 365 * 0.67),
    (0.0, .fraction(0.5), 0.0),
  ]

  @Test(arguments: cases)
  func renewalPoint(lifetimeDays: Double, renewBefore: RenewBefore, dueDay: Double) {
    let due = RenewalPoint.due(
      notBefore: start, notAfter: start + lifetimeDays * day, renewBefore: renewBefore)
    #expect(abs(due.timeIntervalSince(start) - dueDay * day) < 1)
  }

  @Test func isAlwaysWithinTheLifetime() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<1000 {
      let end = start + generator.nextUnit() * 4000 * day
      let renewBefore: RenewBefore =
        generator.nextUnit() < 0.5
        ? .fraction(generator.nextUnit() * 2 - 0.5)
        : .duration(.seconds(Int.random(in: 0...400_000_000, using: &generator)))
      let due = RenewalPoint.due(notBefore: start, notAfter: end, renewBefore: renewBefore)
      #expect(due >= start && due <= end)
    }
  }

  @Test(arguments: [
    (365.0, 36.5), (90.0, 9.0), (10.0, 1.0), (5.0, 1.0), (2.0, 1.0), (1.5, 0.25), (1.0, 0.25), (0.5, 0.125), (0.0, 0.0),
  ])
  func lastTenth(lifetimeDays: Double, lengthDays: Double) {
    let end = start + lifetimeDays * day
    let begin = LastTenth.start(notBefore: start, notAfter: end)
    #expect(abs(end.timeIntervalSince(begin) - lengthDays * day) < 1)
  }

  @Test func lastTenthOfAnEmptyLifetimeIsItsEnd() {
    #expect(LastTenth.start(notBefore: start + day, notAfter: start) == start)
  }
}
