// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Planning
import Settings
import Testing

/// When files are tried, and what follows from each answer.
@Suite struct ConfirmationPlanTests {
  typealias Finding = GenerationConfirmation.Finding

  private static let refused = Finding(.refused, .server, "it is refused")
  private static let silent = Finding(.inconclusive, .network, "nobody answers")
  private let work = Work.confirm(keystore: "client")
  private let patience = Duration.seconds(300)

  private func sample(
    _ confirmation: GenerationConfirmation? = GenerationConfirmation(origin: .written, fallback: 1)
  ) -> Sample {
    var sample = Sample()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.keystore.confirm = ConfirmSettings(patience: patience, endpoints: ["cloud"])
    sample.deliver(at: start, number: 2)
    sample.state.confirmation = confirmation
    return sample
  }

  @Test func nothingIsTriedUnlessTheConfigurationAsksForIt() {
    var sample = sample()
    #expect(sample.due(work, at: start)?.urgency == .urgent)
    sample.keystore.confirm = nil
    #expect(sample.due(work, at: start) == nil)
  }

  @Test func theFilesAreTriedOnceEachHookWasTried() {
    var sample = sample()
    sample.inventory.hooks = (1...2).map { HookState(id: $0, keystore: "client", generation: 2) }
    #expect(sample.due(work, at: start) == nil)
    sample.inventory.hooks[0].attempts = 1
    #expect(sample.due(work, at: start) == nil)
    sample.inventory.hooks[1].attempts = 1
    #expect(sample.due(work, at: start) != nil, "one that fails holds nothing up")
    sample.inventory.hooks.append(HookState(id: 3, keystore: "client", generation: 1))
    #expect(sample.due(work, at: start) != nil, "neither does that of another generation")
  }

  @Test func filesThatAreAboutToBeReplacedAreNotTried() {
    var sample = sample()
    sample.state.damage = "client.pse was removed"
    #expect(sample.due(work, at: start) == nil)
    sample.state.damage = nil
    sample.state.passwordChanged = true
    #expect(sample.due(work, at: start) == nil)
    #expect(work.excludes(.write(keystore: "client")) && Work.write(keystore: "client").excludes(work))
    #expect(!work.excludes(.write(keystore: "other")) && !work.excludes(.runHook(id: 1)))
  }

  @Test func nothingIsWrittenWhileTheGenerationBeforeComesBack() {
    let trial = GenerationConfirmation.Trial(since: start, lastAttempt: start, finding: Self.refused)
    var sample = sample(GenerationConfirmation(origin: .written, fallback: 1, state: .withdrawing(trial)))
    sample.state.damage = "current leads to generation 1"
    #expect(sample.due(sample.write, at: start) == nil)
    #expect(sample.due(work, at: start) != nil)
    sample.keystore.confirm = nil
    #expect(sample.due(sample.write, at: start) != nil, "unless nothing has to be confirmed any more")
  }

  /// Plays attempts as they become due, all of which find the same, until the state is another than trying.
  private func play(
    _ finding: Finding?, from confirmation: GenerationConfirmation, at begin: Date = start
  ) throws -> (end: GenerationConfirmation, times: [TimeInterval]) {
    var sample = sample(confirmation)
    var (now, times) = (begin, [TimeInterval]())
    for _ in 1...100 {
      now = max(now, try #require(ConfirmationPlanner.time(sample.keystore, sample.inventory, now: now)))
      times.append(now.timeIntervalSince(begin))
      let before = try #require(sample.state.confirmation)
      let after = before.after(finding, at: now, patience: patience)
      guard case .trying = after.state else { return (after, times) }
      sample.state.confirmation = after
    }
    return (try #require(sample.state.confirmation), times)
  }

  @Test func aRefusalThatLastsAsLongAsThePatienceMakesRoom() throws {
    let (end, times) = try play(Self.refused, from: GenerationConfirmation(origin: .written, fallback: 1))
    guard case .withdrawing(let trial) = end.state else {
      Issue.record("\(end)")
      return
    }
    #expect(trial.finding == Self.refused && trial.since == start)
    #expect(abs((times.last ?? 0) - 300) < 0.1, "neither earlier nor later: \(times)")
    #expect(times.count == 11 || times.count == 12, "\(times)")
    for (index, (before, after)) in zip(times, times.dropFirst()).enumerated().dropLast() {
      let wait = min(60, pow2(index))
      #expect((0.9 * wait...1.1 * wait).contains(after - before), "\(times)")
    }
    #expect(
      try play(Self.refused, from: GenerationConfirmation(origin: .written, fallback: 1)).times == times, "repeatable")
  }

  private func pow2(_ exponent: Int) -> Double { Double(1 << min(exponent, 20)) }

  @Test func anOutageMakesNoRoom() throws {
    let (end, _) = try play(Self.silent, from: GenerationConfirmation(origin: .written, fallback: 1))
    guard case .unconfirmed(let trial, nil) = end.state else {
      Issue.record("\(end)")
      return
    }
    var sample = sample(end)
    let next = try #require(ConfirmationPlanner.time(sample.keystore, sample.inventory, now: trial.lastAttempt))
    #expect((54...66).contains(next.timeIntervalSince(trial.lastAttempt)), "the usual backoff")
    var later = end
    for _ in 1...20 { later = later.after(Self.silent, at: trial.lastAttempt, patience: patience) }
    sample.state.confirmation = later
    let longest = try #require(ConfirmationPlanner.time(sample.keystore, sample.inventory, now: trial.lastAttempt))
    #expect((3240...3960).contains(longest.timeIntervalSince(trial.lastAttempt)))
    #expect(sample.due(work, at: longest)?.urgency == .routine)
    // Whoever answers at last is given the whole patience.
    let answered = later.after(Self.refused, at: longest, patience: patience)
    guard case .trying(let anew) = answered.state else {
      Issue.record("\(answered)")
      return
    }
    #expect(anew.spent == .zero && anew.since == trial.since)
    #expect(try play(Self.refused, from: answered, at: longest).end.isWithdrawing)
    #expect(later.after(nil, at: longest, patience: patience).state == .confirmed(at: longest))
  }

  @Test(arguments: GenerationConfirmation.Origin.allCases)
  func onlyWhatIsNewMakesRoom(origin: GenerationConfirmation.Origin) throws {
    let (end, _) = try play(Self.refused, from: GenerationConfirmation(origin: origin, fallback: 1))
    guard case .unconfirmed(_, let obstacle) = end.state else {
      #expect(origin == .written && end.isWithdrawing)
      return
    }
    #expect(obstacle == origin.obstacle && obstacle != nil)
    #expect(end.after(Self.refused, at: start + day, patience: patience) != end)
    guard case .unconfirmed = end.after(Self.refused, at: start + day, patience: patience).state else {
      Issue.record("it stays")
      return
    }
  }

  @Test func timeInWhichNothingWasTriedUsesUpLittleOfThePatience() {
    let tried = GenerationConfirmation(origin: .written).after(Self.refused, at: start, patience: patience)
    let later = tried.after(Self.refused, at: start + 30 * day, patience: patience)
    guard case .trying(let trial) = later.state else {
      Issue.record("\(later)")
      return
    }
    #expect(trial.spent == GenerationConfirmation.longestCredit && trial.attempts == 2)
    let earlier = tried.after(Self.refused, at: start - 30 * day, patience: patience)
    guard case .trying(let back) = earlier.state else {
      Issue.record("\(earlier)")
      return
    }
    #expect(back.spent == .zero)
    let sample = sample(tried)
    #expect(
      ConfirmationPlanner.time(sample.keystore, sample.inventory, now: start - 30 * day) == start - 30 * day,
      "a clock that was set back lets nobody wait")
  }

  @Test func statusPlanAndForecastTellHowItStands() throws {
    func status(_ confirmation: GenerationConfirmation?) throws -> SubjectStatus {
      let sample = sample(confirmation)
      return try #require(
        StatusReader.read(sample.configuration, sample.inventory, now: start).subjects.last)
    }
    let trial = GenerationConfirmation.Trial(since: start, lastAttempt: start, finding: Self.refused)
    let table: [(GenerationConfirmation.State, SubjectState, String)] = [
      (.owed, .due, "generation 2 is in force and not confirmed yet"),
      (.trying(trial), .due, "not confirmed yet: it is refused"),
      (.unconfirmed(trial, obstacle: "nothing is kept"), .failing, "stays since nothing is kept: it is refused"),
      (.unconfirmed(trial, obstacle: nil), .failing, "which says nothing against it"),
      (.confirmed(at: start), .ok, "holds what it should"),
    ]
    for (state, expected, text) in table {
      let found = try status(GenerationConfirmation(origin: .written, fallback: 1, state: state))
      #expect(found.state == expected && found.reason.contains(text), "\(found)")
      #expect(found.confirmation?.state == state)
    }
    #expect(try status(nil).confirmation == .found, "what was in force before is tried, too")
    let owed = sample()
    let forecast = Planner.forecast(owed.configuration, owed.inventory, now: start, until: start + day)
    #expect(forecast.contains { $0.what == .confirm && $0.dueAt == start })
  }
}

extension GenerationConfirmation {
  fileprivate var isWithdrawing: Bool {
    if case .withdrawing = state { true } else { false }
  }
}
