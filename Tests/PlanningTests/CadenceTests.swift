// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Testing

@Suite struct CadenceTests {
  private func cadence(every seconds: Int? = 6 * 3600) -> Cadence {
    Cadence(every: seconds.map { .seconds($0) }, jitter: Jitter(installation: 3, name: "probe/cloud"))
  }

  @Test(arguments: [
    (0, 60), (1, 60), (2, 120), (3, 240), (4, 480), (5, 960), (6, 1920), (7, 3600), (8, 3600), (.max, 3600),
  ])
  func backoffDoublesUpToAnHour(failures: Int, seconds: Int) {
    #expect(Backoff.delay(afterFailures: failures) == .seconds(seconds))
  }

  @Test func backoffNeverShrinks() {
    for failures in 0..<200 {
      #expect(Backoff.delay(afterFailures: failures) <= Backoff.delay(afterFailures: failures + 1))
    }
  }

  @Test func hastenedIsDueAtOnceAndKeepsItsFailures() {
    let failed = Schedule(lastAttempt: start, failures: 3).failed(at: start, cadence: cadence(), reason: "denied")
    let hastened = failed.hastened(to: start + minute)
    #expect(cadence().due(hastened, now: start + minute) == start + minute)
    #expect(hastened.failures == 4 && hastened.reason == "denied")
    let again = hastened.failed(at: start + minute, cadence: cadence(), reason: "denied")
    #expect(again.failures == 5)
    #expect(again.nextAttempt.map { $0 > start + 14 * minute } == true)
    #expect(failed.hastened(to: start + 365 * day).nextAttempt == failed.nextAttempt, "it is due already")
    let worked = Schedule.untouched.succeeded(at: start, cadence: cadence())
    #expect(worked.hastened(to: start + minute) == worked)
  }

  @Test func firstAttemptIsDueAtOnce() {
    #expect(cadence().due(.untouched, now: start) == start)
    #expect(cadence(every: nil).due(.untouched, now: start) == start)
  }

  @Test func nextAttemptLiesAnIntervalAfterTheLast() throws {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence())
    let next = try #require(done.nextAttempt)
    #expect((0.9 * 6 * hour...1.1 * 6 * hour).contains(next.timeIntervalSince(start)))
    #expect(cadence().due(done, now: start + hour) == next)
    #expect(done.lastSuccess == start && done.failures == 0)
  }

  @Test func workThatIsNotRepeatedIsDoneForGood() {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence(every: nil))
    #expect(done.nextAttempt == nil)
    #expect(cadence(every: nil).due(done, now: start + 1000 * day) == nil)
  }

  @Test func aFailingJobIsNeverTriedLessOftenThanAWorkingOne() throws {
    var schedule = Schedule.untouched
    for _ in 0..<20 { schedule = schedule.failed(at: start, cadence: cadence(every: 300), reason: "refused") }
    #expect(schedule.failures == 20)
    let next = try #require(schedule.nextAttempt)
    #expect(next.timeIntervalSince(start) <= 300)
  }

  @Test func successForgetsTheFailures() {
    let failed = Schedule.untouched.failed(at: start, cadence: cadence(), reason: "refused")
    #expect(failed.reason == "refused" && failed.lastSuccess == nil)
    let done = failed.succeeded(at: start + hour, cadence: cadence())
    #expect(done.failures == 0 && done.reason.isEmpty)
  }

  @Test func failureCountDoesNotOverflow() {
    let schedule = Schedule(failures: .max).failed(at: start, cadence: cadence(), reason: "x")
    #expect(schedule.failures == .max)
  }

  @Test(arguments: [hour * 12, day * 365, day * 36_500])
  func aClockThatWasSetBackMakesItDueOnce(jump: TimeInterval) throws {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence())
    let now = start - jump
    #expect(cadence().due(done, now: now) == now)
    let again = done.succeeded(at: now, cadence: cadence())
    let next = try #require(cadence().due(again, now: now + 1))
    #expect(next > now + 5 * hour)
  }

  @Test func aClockThatWasSetBackALittleDelaysByNoMoreThanTheLongestWait() throws {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence())
    for back in stride(from: 0, through: 10 * hour, by: 7 * minute) {
      let due = try #require(cadence().due(done, now: start - back))
      #expect(due.timeIntervalSince(start - back) <= 6 * hour * 1.1)
    }
  }

  @Test func aClockThatLeaptAheadMakesItDueOnce() throws {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence())
    let now = start + 3650 * day
    let due = try #require(cadence().due(done, now: now))
    #expect(due <= now)
    let again = done.succeeded(at: now, cadence: cadence())
    #expect(try #require(cadence().due(again, now: now)) > now + 5 * hour)
  }

  @Test func aShorterIntervalTakesEffectAtOnce() {
    let daily = Schedule.untouched.succeeded(at: start, cadence: cadence(every: 86_400))
    #expect(cadence(every: 3600).due(daily, now: start + hour) == start + hour)
  }

  @Test func failuresInTheLastTenthWaitTheShortestInterval() {
    var schedule = Schedule.untouched
    for _ in 0..<10 { schedule = schedule.failed(at: start, cadence: cadence(), reason: "x") }
    #expect(cadence().due(schedule, now: start + 1, urgentFrom: start - day) == start + minute)
    // The last tenth begins while the backoff lasts.
    #expect(cadence().due(schedule, now: start + 1, urgentFrom: start + 10 * minute) == start + 10 * minute)
    // It changes nothing for work that goes well.
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence())
    #expect(cadence().due(done, now: start + 1, urgentFrom: start - day) == done.nextAttempt)
  }

  @Test func aReleasedScheduleIsDueAtOnceAndKeepsItsHistory() {
    let done = Schedule.untouched.succeeded(at: start, cadence: cadence()).released(reason: "the file has changed")
    #expect(cadence().due(done, now: start + 1) == start + 1)
    #expect(done.lastSuccess == start)
  }

  /// Whatever a schedule holds, it is due within the longest wait: nothing waits for ever.
  @Test func anyScheduleComesDueWithinTheLongestWait() throws {
    var generator = SplitMix64(seed: 42)
    for _ in 0..<2000 {
      func instant() -> Date? {
        generator.nextUnit() < 0.2 ? nil : start + (generator.nextUnit() - 0.5) * 20_000 * day
      }
      let schedule = Schedule(
        lastAttempt: instant(), lastSuccess: instant(), failures: Int.random(in: 0...12, using: &generator),
        nextAttempt: instant())
      let interval = Int.random(in: 60...700_000, using: &generator)
      let due = try #require(cadence(every: interval).due(schedule, now: start))
      #expect(due.timeIntervalSince(start) <= Double(interval) * 1.1)
    }
  }
}
