// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

@Suite struct ProbePlanTests {
  @Test func aNewEndpointIsDueAtOnce() throws {
    let due = try #require(Sample().due(.probe(endpoint: "cloud"), at: start))
    #expect(due.since == start && due.reason == .neverAttempted)
    #expect("\(due.reason)" == "it was never tried")
  }

  @Test func isDueAgainAfterTheInterval() throws {
    var sample = Sample()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    #expect(sample.due(.probe(endpoint: "cloud"), at: start + 5 * hour) == nil)
    let due = try #require(sample.due(.probe(endpoint: "cloud"), at: start + 6 * hour + 40 * minute))
    #expect("\(due.reason)" == "the last attempt was 6 h 40 min ago")
    #expect(due.lapsesAt == start + 365 * day)
  }

  @Test func theReasonOfARetryIsTheFailure() throws {
    var sample = Sample()
    let cadence = Planner.cadence(of: .probe(endpoint: "cloud"), in: sample.configuration, installation: 7)
    var state = EndpointState(attempted: true)
    state.schedule = state.schedule.failed(at: start, cadence: cadence, reason: "connection refused")
    sample.inventory.endpoints["cloud"] = state
    #expect(sample.plan(at: start).next.map { $0 <= start + 66 } == true)
    let due = try #require(sample.due(.probe(endpoint: "cloud"), at: start + 70))
    #expect("\(due.reason)" == "again after 1 failed attempt: connection refused")
  }

  @Test func endpointsThatBeganTogetherDriftApart() throws {
    var sample = Sample(endpoints: (0..<1000).map { "e\($0)" })
    for endpoint in sample.configuration.endpoints {
      let work = Work.probe(endpoint: endpoint.name)
      let cadence = Planner.cadence(of: work, in: sample.configuration, installation: 7)
      sample.inventory.endpoints[endpoint.name] = EndpointState(
        schedule: Schedule.untouched.succeeded(at: start, cadence: cadence), attempted: true)
    }
    // 72 minutes of spread: no single minute has more than a few of the thousand.
    var perMinute: [Int: Int] = [:]
    for state in sample.inventory.endpoints.values {
      let next = try #require(state.schedule.nextAttempt)
      perMinute[Int(next.timeIntervalSince(start) / minute), default: 0] += 1
    }
    #expect(try #require(perMinute.values.max()) < 40)
  }

  @Test func orderIsByUrgencyThenLapse() {
    var sample = Sample(endpoints: ["late", "soon", "never"])
    sample.inventory.endpoints["late"] = .answering(path(leaf: 1, issuer: 9, root: 10, leafEnds: 300 * day))
    sample.inventory.endpoints["soon"] = .answering(path(leaf: 2, issuer: 9, root: 10, leafEnds: 100 * day))
    let probes = sample.plan(at: start + day).due.compactMap { due -> String? in
      guard case .probe(let name) = due.work else { return nil }
      return name
    }
    #expect(probes == ["never", "soon", "late"])
  }

  @Test func whatTheConfigurationLacksIsIgnored() {
    var sample = Sample()
    sample.inventory.endpoints["gone"] = EndpointState()
    sample.inventory.keystores["gone"] = KeystoreState()
    sample.inventory.hooks = [HookState(id: 1, keystore: "gone", generation: 1)]
    let works = sample.plan(at: start).due.map(\.work)
    #expect(!works.contains(.probe(endpoint: "gone")) && !works.contains(.runHook(id: 1)))
  }

  @Test func hooksRunAtOnceAndAgainUntilTheySucceed() throws {
    var sample = Sample()
    sample.inventory.hooks = [HookState(id: 4, keystore: "client", generation: 2)]
    let due = try #require(sample.due(.runHook(id: 4), at: start))
    #expect("\(due.reason)" == "the hook has not yet run for generation 2 of client")
    let cadence = Planner.cadence(of: .runHook(id: 4), in: sample.configuration, installation: 7)
    sample.inventory.hooks[0].schedule = Schedule.untouched.failed(at: start, cadence: cadence, reason: "exit status 1")
    #expect(sample.due(.runHook(id: 4), at: start + 30) == nil)
    #expect(sample.due(.runHook(id: 4), at: start + 67) != nil)
  }

  /// The plan for `next` differs from the plan before it, and between the two nothing changes.
  @Test func nextIsWhenTheAnswerChanges() throws {
    var sample = Sample(identity: Sample.selfSigned)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3, leafEnds: 60 * day))
    sample.state.identity = identity(50, from: 0, to: 100 * day, recipe: Sample.selfSigned.recipe)
    sample.deliver(at: start)
    var now = start
    for _ in 0..<40 {
      guard let next = sample.plan(at: now).next else { break }
      #expect(next > now)
      let before = Set(sample.plan(at: now).due.map(\.work))
      let justBefore = Set(sample.plan(at: now + next.timeIntervalSince(now) * 0.999).due.map(\.work))
      #expect(before == justBefore)
      now = next
    }
    #expect(now > start + 99 * day)
  }
}
