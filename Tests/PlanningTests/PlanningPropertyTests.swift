// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings
import TestSupport
import Testing

@testable import Planning

/// What holds of planning whatever happens, tried with thousands of made-up histories.
struct PlanningPropertyTests {
  private func expectNone<Case>(
    _ property: Property<Case>, in count: Int = 3000, _ location: SourceLocation = #_sourceLocation
  ) {
    for seed: UInt64 in 1...3 {
      let found = property.counterexample(in: count, seed: seed)
      #expect(found == nil, sourceLocation: location)
      if found != nil { return }
    }
  }

  // MARK: Renewal

  struct Life {
    /// All in seconds; relative to `start`.
    var lifetime: Double
    var accepted: Double?
    var now: Double
    var renewBefore: RenewBefore

    var identity: IdentityState {
      var identity = lived(lifetime)
      identity.acceptedAt = accepted.map { start + $0 }
      return identity
    }
  }

  private static func lived(_ lifetime: Double) -> IdentityState {
    IdentityState(leaf: fingerprint(1), notBefore: start, notAfter: start + lifetime, recipe: nil)
  }

  @Test func `a renewal is due within the life of an identity, and never at once`() {
    expectNone(
      Property { choices in
        let lifetime = Double(choices.number(1...400 * 86_400))
        let accepted = choices.isChosen(onceIn: 2) ? Double(choices.number(-40 * 86_400...400 * 86_400)) : nil
        return Life(
          lifetime: lifetime, accepted: accepted, now: Double(choices.number(-40 * 86_400...800 * 86_400)),
          renewBefore: choices.isChosen(onceIn: 2)
            ? .duration(.seconds(choices.number(0...500 * 86_400))) : .fraction(Double(choices.number(1...90)) / 100))
      } objection: { life in
        let (end, now) = (start + life.lifetime, start + life.now)
        let plain = RenewalPoint.due(notBefore: start, notAfter: end, renewBefore: life.renewBefore)
        guard plain > start, plain <= end else { return "due outside of its life, at \(plain)" }
        let due = RenewalPoint.due(life.identity, renewBefore: life.renewBefore, now: now)
        guard due >= plain else { return "earlier because it is known since when it is in force" }
        guard let accepted = life.identity.acceptedAt, accepted <= now, accepted < end else {
          return due == plain || (life.identity.acceptedAt ?? end) >= end ? nil : "put off for nothing"
        }
        if due <= accepted { return "due at once" }
        return due < end || plain == end ? nil : "put off to its end"
      })
  }

  // MARK: Attempts

  struct Attempts: CustomStringConvertible {
    enum Step {
      case works, fails
      /// The clock is set, by so many seconds.
      case clock(Int)
      /// So many seconds pass.
      case wait(Int)
    }

    var interval: Int
    var installation: Int
    var steps: [Step]
    var description: String { "every \(interval) s, \(steps)" }
  }

  private static func attempts(_ choices: inout Choices) -> Attempts {
    Attempts(
      interval: choices.number(60...30 * 86_400), installation: choices.number(0...1000),
      steps: choices.list(upTo: 30) { choices in
        switch choices.number(0...3) {
        case 0: .fails
        case 1: .works
        case 2: .wait(choices.number(0...40 * 86_400))
        default: .clock(choices.number(-4000 * 86_400...4000 * 86_400))
        }
      })
  }

  @Test func `attempts come neither at once nor later than the rhythm allows, whatever the clock does`() {
    expectNone(
      Property(for: Self.attempts) { history in
        let cadence = Cadence(
          every: .seconds(history.interval), jitter: Jitter(installation: UInt64(history.installation), name: "x"))
        var (now, schedule, failures) = (start, Schedule.untouched, 0)
        for step in history.steps {
          switch step {
          case .wait(let seconds), .clock(let seconds): now += Double(seconds)
          case .works: (schedule, failures) = (schedule.succeeded(at: now, cadence: cadence), 0)
          case .fails: (schedule, failures) = (schedule.failed(at: now, cadence: cadence, reason: "no"), failures + 1)
          }
          guard let due = cadence.due(schedule, now: now) else { return "never again" }
          let usual =
            failures > 0 ? min(3600, 60 * pow2(failures - 1), Double(history.interval)) : Double(history.interval)
          let wait = due.timeIntervalSince(now)
          if wait > usual * 1.1 + 1e-3 { return "after \(wait) s, though \(usual) s would do" }
          if case .fails = step, wait < usual * 0.9 - 1e-3 { return "after \(wait) s, \(failures) failures" }
          if case .works = step, wait < usual * 0.9 - 1e-3 { return "after \(wait) s, though it worked" }
          let urgent = cadence.due(schedule, now: now, urgentFrom: now) ?? .distantFuture
          if urgent > due { return "later because it is urgent" }
          if case .fails = step, urgent < now + 50 { return "\(urgent.timeIntervalSince(now)) s after it failed" }
        }
        return nil
      })
  }

  private func pow2(_ exponent: Int) -> Double { Double(1 << min(exponent, 40)) }

  // MARK: Overlap

  struct Trust: CustomStringConvertible {
    /// The hours that pass, and the path that the endpoint shows then; nil while it fails.
    var days: [(hours: Int, path: Int?)]
    var overlap: Int
    var description: String {
      "overlap \(overlap) h, then \(days.map { "\($0.hours) h: \($0.path.map(String.init) ?? "away")" })"
    }
  }

  @Test func `what a server showed is trusted for the overlap, and no longer`() {
    expectNone(
      Property { choices in
        Trust(
          days: choices.list(upTo: 20) { ($0.number(0...400), $0.isChosen(onceIn: 5) ? nil : $0.number(1...4)) },
          overlap: choices.number(0...1000))
      } objection: { history in
        var sample = Sample(include: [.roots])
        sample.keystore.overlap = .seconds(history.overlap * 3600)
        var (now, shown, lastShown) = (start, Int?.none, [Int: Date]())
        for (hours, path) in history.days {
          now += Double(hours) * hour
          // What was shown until now is needed until now.
          if let shown { lastShown[shown] = now }
          if let path {
            shown = path
            sample.inventory.endpoints["cloud"] = .answering(shows(path))
          } else {
            sample.inventory.endpoints["cloud"]?.currentlyFailing = "away"
          }
          sample.remember(at: now)
          let trusted = sample.trust(at: now).wanted
          for root in 1...4 {
            let isTrusted = trusted[fingerprint(root)] != nil
            if root == shown, !isTrusted { return "root \(root) is not trusted though it is shown" }
            guard root != shown, let last = lastShown[root] else { continue }
            let isWithin = now < last + Double(history.overlap) * hour
            if isWithin != isTrusted {
              return "root \(root) is \(isTrusted ? "" : "not ")trusted, last shown at \(last)"
            }
          }
        }
        return nil
      }, in: 1000)
  }

  private func shows(_ root: Int) -> PathState {
    PathState(
      leaf: certificate(root + 20), issuers: [certificate(root + 10)], root: certificate(root), verifiedAt: start)
  }

  // MARK: Deletion

  struct Keys: CustomStringConvertible {
    var keys: [ListedKey]
    var knowledge: OrphanPlanner.Knowledge
    var description: String { "\(keys.map { "\($0.guid) \($0.state)" }), \(knowledge)" }
  }

  private static func keys(_ choices: inout Choices) -> Keys {
    let guids = (1...6).map { "k\($0)" }
    var knowledge = OrphanPlanner.Knowledge(
      installation: "one", base: "sender", inForce: choices.isChosen(onceIn: 4) ? nil : "k1",
      overlap: Double(choices.number(0...100)) * hour)
    var keys: [ListedKey] = []
    for guid in guids where !choices.isChosen(onceIn: 4) {
      keys.append(
        ListedKey(
          guid: guid, name: guid, state: choices.element(of: ListedKey.State.allCases),
          createdAt: choices.isChosen(onceIn: 8) ? nil : start - Double(choices.number(0...1000)) * hour,
          installation: choices.element(of: ["one", "two", nil]), base: choices.element(of: ["sender", "other"])))
      if choices.isChosen(onceIn: 5) { knowledge.inFlight.insert(guid) }
      if choices.isChosen(onceIn: 4) { knowledge.useless.insert(guid) }
      if choices.isChosen(onceIn: 4) { knowledge.used[guid] = KeyHolders(holding: ["client"]) }
      if !choices.isChosen(onceIn: 3) { knowledge.ends[guid] = start + Double(choices.number(-100...100)) * hour }
      if choices.isChosen(onceIn: 3) { knowledge.overlaps[guid] = start + Double(choices.number(-100...100)) * hour }
    }
    return Keys(keys: keys, knowledge: knowledge)
  }

  @Test func `no key is deleted that anybody needs, and the last that works stays`() {
    expectNone(
      Property(for: Self.keys) { found in
        let (keys, knowledge) = (found.keys, found.knowledge)
        let gone = OrphanPlanner.orphans(keys, knowledge, now: start).filter { $0.refusal == nil }.map(\.guid)
        for guid in gone {
          guard let key = keys.first(where: { $0.guid == guid }) else { return "\(guid) is not there" }
          if key.installation != "one" || key.base != "sender" { return "\(guid) is somebody else's" }
          if guid == knowledge.inForce || knowledge.inFlight.contains(guid) { return "\(guid) is in force" }
          if knowledge.used[guid] != nil { return "\(guid) is used" }
          if let ends = knowledge.overlaps[guid], ends > start { return "the overlap of \(guid) lasts" }
          if let created = key.createdAt, knowledge.overlaps[guid] == nil {
            // Of one that is known to be of no use others may have thought better.
            let isUseless = knowledge.useless.contains(guid) && key.state != .creating
            let rest = isUseless ? (key.state == .ready ? knowledge.overlap : 0) : hour
            if created + rest > start { return "\(guid) is young" }
          }
        }
        let working = OrphanPlanner.validKeys(keys, knowledge, now: start)
        return !working.isEmpty && working.subtracting(gone).isEmpty ? "none of \(working) is left" : nil
      }, in: 10_000)
  }

  // MARK: Writing

  @Test func `what was written is not written again until something changes`() {
    expectNone(
      Property { choices in
        choices.list(upTo: 12) { ($0.number(0...2000), $0.number(0...5)) }
      } objection: { (history: [(hours: Int, change: Int)]) in
        var sample = Sample(identity: .serviceKey("sender"))
        sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: 5000 * day)
        var (now, number) = (start, 1)
        for (hours, change) in history {
          now += Double(hours) * hour
          switch change {
          case 0: sample.inventory.endpoints["cloud"] = .answering(shows(1 + hours % 4))
          case 1: sample.inventory.serviceKeys["sender"]?.identity = identity(50 + hours, from: 0, to: 5000 * day)
          case 2: sample.inventory.endpoints["cloud"]?.currentlyFailing = "away"
          case 3: sample.keystore.overlap = .seconds(hours * 60)
          case 4: sample.inventory.serviceKeys["sender"]?.schedule = Schedule.untouched
          default: break
          }
          sample.remember(at: now)
          number += 1
          sample.deliver(at: now, number: number)
          if case .write(_, let reason) = sample.decision(at: now) { return "written again at once: \(reason)" }
          if sample.due(sample.write, at: now) != nil { return "due again at once" }
        }
        return nil
      }, in: 1000)
  }
}
