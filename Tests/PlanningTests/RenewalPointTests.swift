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
    // And so does one that is hardly shorter: platforms date certificates back by an hour.
    (31.0, .duration(.seconds(30 * 86_400)), 31 * 0.67),
    (7.0 + 1 / 24.0, .duration(.seconds(7 * 86_400)), (7 + 1 / 24.0) * 0.67),
    (40.0, .duration(.seconds(36 * 86_400)), 4.0),
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

  @Test(arguments: [
    // As it should be: it was taken over when it began.
    (30.0, 0.0, 30 * 0.67), (7.0, 1 / 24.0, 7 * 0.67),
    // The host's clock is far ahead of the platform's: it is due already, and so would be the next.
    (3.0, 2.1, 2.1 + 0.09), (3.0, 2.9, 2.9 + 0.025), (30.0, 25, 25.5),
    // It was over when it came.
    (3.0, 3.5, 3.5),
  ])
  func `a new key has a part of its life before it is replaced`(
    lifetimeDays: Double, acceptedDay: Double, dueDay: Double
  ) {
    let (end, accepted) = (start + lifetimeDays * day, start + acceptedDay * day)
    let due = RenewalPoint.due(
      notBefore: start, notAfter: end, acceptedAt: accepted, renewBefore: .fraction(0.33), now: accepted)
    #expect(abs(due.timeIntervalSince(start) - dueDay * day) < 1)
    let setBack = RenewalPoint.due(
      notBefore: start, notAfter: end, acceptedAt: accepted, renewBefore: .fraction(0.33), now: accepted - 1)
    #expect(setBack == RenewalPoint.due(notBefore: start, notAfter: end, renewBefore: .fraction(0.33)))
  }

  @Test func `the end of an issuer brings a new key, and not one after the other`() {
    let (issuerEnd, life) = (start + 100 * day, 365 * day)
    var now = start
    var keys: [Date] = []
    var accepted = start - 100 * day
    while now < issuerEnd + day {
      // The platform goes on with the same issuer.
      let identity = IdentityState(
        leaf: fingerprint(1), notBefore: accepted, notAfter: issuerEnd,
        limit: .init(issuer: "CN=Issuer", leafNotAfter: accepted + life), acceptedAt: accepted)
      if RenewalPoint.due(identity, renewBefore: .fraction(0.33), now: now) <= now {
        keys.append(now)
        accepted = now
      }
      now += hour
    }
    #expect(keys.count == 3, "\(keys)")
    #expect(keys.first == start, "a third of its life is more than is left")
    #expect(keys.last == issuerEnd, "and what ended is not left alone")
  }

  @Test func `a key is due by the nearer end`() {
    let plain = identity(1, from: 0, to: 365 * day)
    var limited = plain
    limited.limit = .init(issuer: "CN=Issuer", leafNotAfter: start + 400 * day)
    let due = { RenewalPoint.due($0, renewBefore: .fraction(0.33), now: start) }
    #expect(due(plain) == RenewalPoint.due(notBefore: start, notAfter: plain.notAfter, renewBefore: .fraction(0.33)))
    #expect(due(limited) == start + (365 - 0.33 * 400) * day, "nobody knows when it was accepted")
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
