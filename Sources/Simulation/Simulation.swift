// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Planning
import Rotation
package import SystemPackage

/// Years of a whole landscape in minutes: the daemon's own planning, rotation, delivery and ledger, on a simulated clock and
/// against a simulated world.
package struct Simulation {
  private let scenario: Scenario
  private let world: World
  private let host: SimulatedHost
  private let tally: EventTally
  private let onYear: (Int) -> Void
  private var observer: Observer
  private var nextRefresh: Date
  private var lives: Chance

  /// - Parameters:
  ///   - scenario: what is simulated.
  ///   - folder: an empty folder, best in memory, for the host's files.
  ///   - onYear: hears of each year that is over.
  /// - Throws: what keeps the world from being made.
  package init(_ scenario: Scenario, in folder: FilePath, onYear: @escaping (Int) -> Void = { _ in }) throws {
    self.scenario = scenario
    self.onYear = onYear
    world = try World(scenario)
    host = SimulatedHost(folder: folder)
    tally = EventTally(clock: world.clock)
    observer = Observer(world)
    nextRefresh = scenario.start + scenario.refetchEvery / .seconds(1)
    lives = Chance(scenario, "lives of the daemon")
    try host.prepare(world)
  }

  /// Lives through all of it.
  ///
  /// - Throws: what would end the daemon, and ``Restless``.
  package mutating func run() async throws -> SimulationReport {
    try await host.makeLedger(seed: scenario.seed, at: now)
    var afterCrash = false
    while now < scenario.end {
      if let pause = world.downtimes.span(at: now) { world.clock.set(min(pause.upperBound, scenario.end)) }
      observer.noteStart(afterCrash: afterCrash)
      let stop = min(now + lives.pause(perYear: Self.startsPerYear), nextDowntime, scenario.end)
      afterCrash = try await live(until: stop, dying: lives.isTrue(Self.deaths))
    }
    return try await finish()
  }

  private var now: Date { world.clock.now() }

  private var nextDowntime: Date {
    world.downtimes.spans.first { $0.lowerBound > now }?.lowerBound ?? scenario.end
  }

  private func daemon(_ checkpoint: any RotationCheckpoint) -> Daemon {
    let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
    return Daemon(
      configuration: host.configuration, layout: StateLayout(root: host.state), credentialsFolder: nil,
      clock: world.clock, logger: logger, events: tally.events, notifier: ServiceManagerNotifier(logger: logger),
      version: "simulated", files: HostFiles(), systemStore: nil,
      reach: PlatformReach(pauses: NoPauses(), checkpoint: checkpoint, platforms: world), chains: world.servers)
  }

  /// One life of the daemon; whether it died in the middle of something.
  private mutating func live(until stop: Date, dying: Bool) async throws -> Bool {
    let death = Death(at: dying ? stop - 2 * day : .distantFuture, clock: world.clock)
    do {
      return try await daemon(death).stepped { daemon in
        try await turn(daemon, until: stop)
        return false
      }
    } catch is Death.Died {
      return true
    }
  }

  private mutating func turn(_ daemon: SteppedDaemon, until stop: Date) async throws {
    while true {
      let plan = try await settle(daemon)
      observer.look(await daemon.landscape.inventory, tally.takeAlerts())
      guard now < stop else { return }
      let year = Int(now.timeIntervalSince(scenario.start) / Scenario.year)
      world.clock.set(min(later(than: min(plan.next ?? stop, nextRefresh)), stop))
      if Int(now.timeIntervalSince(scenario.start) / Scenario.year) > year { onYear(year + 1) }
      guard now >= nextRefresh else { continue }
      nextRefresh = now + scenario.refetchEvery / .seconds(1)
      try await daemon.refresh()
    }
  }

  /// The next time at which something is done: whatever becomes due until then is done together.
  private func later(than next: Date) -> Date {
    let step = scenario.step / .seconds(1)
    let wanted = max(next, now + 1).timeIntervalSince(scenario.start)
    return scenario.start + (wanted / step).rounded(.up) * step
  }

  /// Does all that is due, and all that follows from it.
  private mutating func settle(_ daemon: SteppedDaemon) async throws -> Plan {
    for turn in 0..<Self.mostTurns {
      let plan = await daemon.landscape.plan(now: now)
      guard !plan.due.isEmpty else { return plan }
      if turn == 0 { observer.noteBacklog(plan.due.count) }
      for work in plan.due { observer.noteWork(work.work) }
      var endpoints: [String] = []
      for work in plan.due {
        if case .probe(let name) = work.work { endpoints.append(name) }
      }
      try await daemon.probe(endpoints)
      for work in plan.due {
        if case .probe = work.work { continue }
        try await daemon.run(work)
      }
    }
    throw Restless(at: now, due: await daemon.landscape.plan(now: now).due.map { "\($0.work): \($0.reason)" })
  }

  /// The world is at peace, so that everything comes to its end; then ledger and platforms are compared.
  private mutating func finish() async throws -> SimulationReport {
    let names = world.platforms.map(\.name)
    let known = try await daemon(NoCheckpoint()).stepped { daemon in
      var known: [String: Set<String>] = [:]
      for name in names {
        let keys = try await daemon.ledger.platformKeys(of: name)
        known[name] = Set(keys.filter { $0.state != .deleted }.map(\.guid))
      }
      return known
    }
    return observer.finish(tally.counts, knownKeys: known)
  }

  /// Restarts for whatever reason, and the share of them that comes without warning.
  private static let (startsPerYear, deaths) = (12.0, 0.3)
  private static let mostTurns = 60
}

/// There is no end of due work at one time.
package struct Restless: Error, CustomStringConvertible {
  let at: Date
  let due: [String]

  package var description: String { "there is no end of due work at \(at): \(due.prefix(5).joined(separator: "; "))" }
}
