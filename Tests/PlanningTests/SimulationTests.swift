// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

/// A daemon of arithmetic: it sleeps until `next`, does what is due, and lets the world fail at random.
private struct Simulation {
  var sample: Sample
  var now = start
  var generator: SplitMix64
  var probes: [String: Int] = [:]
  var renewals = 0
  var serial = 1000
  /// How likely an attempt is to fail.
  var failureRate: Double

  init(seed: UInt64, failureRate: Double, endpoints: Int = 2) {
    sample = Sample(identity: Sample.selfSigned, endpoints: (0..<endpoints).map { "e\($0)" })
    sample.inventory.serviceKeys = [:]
    sample.configuration.serviceKeys = []
    generator = SplitMix64(seed: seed)
    self.failureRate = failureRate
  }

  private mutating func fails() -> Bool { generator.nextUnit() < failureRate }

  /// Does all that is due now, a millisecond each.
  mutating func step() -> Int {
    let due = sample.plan(at: now).due
    for item in due {
      now += 0.001
      perform(item.work)
    }
    sample.remember(at: now)
    return due.count
  }

  private mutating func perform(_ work: Work) {
    let cadence = Planner.cadence(of: work, in: sample.configuration, installation: 7)
    let failed = fails()
    func after(_ schedule: Schedule) -> Schedule {
      failed
        ? schedule.failed(at: now, cadence: cadence, reason: "luck") : schedule.succeeded(at: now, cadence: cadence)
    }
    switch work {
    case .probe(let name):
      probes[name, default: 0] += 1
      var state = sample.inventory.endpoints[name] ?? EndpointState()
      state.schedule = after(state.schedule)
      state.attempted = true
      if !failed { state.verifiedPath = path(leaf: 1, issuer: 2, root: 3, leafEnds: 9000 * day) }
      sample.inventory.endpoints[name] = state
    case .renewSelfSigned:
      renewals += 1
      sample.state.identitySchedule = after(sample.state.identitySchedule)
      guard !failed else { return }
      serial += 1
      sample.state.identity = IdentityState(
        leaf: fingerprint(serial), notBefore: now, notAfter: now + 100 * day, recipe: Sample.selfSigned.recipe)
    case .write:
      if failed {
        sample.state.writing = after(sample.state.writing)
      } else {
        sample.deliver(at: now, number: serial)
      }
    case .alert(let mark): sample.inventory.alerts.insert(mark)
    case .withdrawAlert(let mark): sample.inventory.alerts.remove(mark)
    case .readServiceKey, .tendServiceKey, .readIdentityFiles, .adopt, .runHook, .confirm:
      Issue.record("\(work) is nothing that this simulation has")
    }
  }

  /// Sleeps until the plan changes; a day at most.
  mutating func sleep() {
    now = min(sample.plan(at: now).next ?? .distantFuture, now + day)
  }
}

@Suite struct SimulationTests {
  @Test(arguments: [0.0, 0.2, 0.6])
  func aYearNeverLapsesAndNeverStorms(failureRate: Double) {
    var simulation = Simulation(seed: 11, failureRate: failureRate)
    while simulation.now < start + 365 * day {
      _ = simulation.step()
      let ends = simulation.sample.state.current?.identity?.notAfter ?? .distantPast
      if simulation.now > start + day, ends <= simulation.now {
        Issue.record("the identity lapsed at \(ends)")
        return
      }
      simulation.sleep()
    }
    // Four a day when all goes well; each failure costs a few more.
    for (name, count) in simulation.probes {
      #expect(count >= 365 * 3, "\(name) was neglected")
      #expect(Double(count) <= 365 * 4.5 * (1 + 6 * failureRate), "\(name) was probed \(count) times")
    }
    #expect(simulation.renewals <= (failureRate == 0 ? 6 : 40))
  }

  @Test func nothingWorksForAMonth() {
    var simulation = Simulation(seed: 12, failureRate: 1)
    while simulation.now < start + 30 * day {
      _ = simulation.step()
      simulation.sleep()
    }
    // Once an hour, with some more at the beginning.
    for count in simulation.probes.values { #expect((650...800).contains(count)) }
  }

  @Test(arguments: 1...4)
  func clockJumpsCauseNeitherStormNorNeglect(seed: Int) {
    var simulation = Simulation(seed: UInt64(seed), failureRate: 0.1)
    let jumps: [TimeInterval] = [hour, 5 * hour, 26 * hour, 40 * day, 366 * day, 3653 * day]
    for _ in 0..<25 {
      let before = simulation.probes
      // Two days of ordinary life, by the clock that counts on between jumps.
      let end = simulation.now + 2 * day
      var steps = 0
      while simulation.now < end, steps < 5000 {
        _ = simulation.step()
        simulation.sleep()
        steps += 1
      }
      #expect(steps < 5000, "a storm")
      for (name, count) in simulation.probes {
        let added = count - (before[name] ?? 0)
        #expect((6...40).contains(added), "\(name) was probed \(added) times in two days")
      }
      let length = jumps[Int.random(in: 0..<jumps.count, using: &simulation.generator)]
      simulation.now += Bool.random(using: &simulation.generator) ? length : -length
    }
  }

  @Test func afterAJumpEachThingIsDueOnce() {
    for jump in [-3653 * day, -hour * 30, 3653 * day] {
      var simulation = Simulation(seed: 3, failureRate: 0)
      for _ in 0..<50 {
        _ = simulation.step()
        simulation.sleep()
      }
      simulation.now += jump
      let before = simulation.probes
      for _ in 0..<5 { _ = simulation.step() }
      for (name, count) in simulation.probes { #expect(count == (before[name] ?? 0) + 1) }
      #expect(simulation.sample.plan(at: simulation.now).due.isEmpty)
    }
  }
}
