// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Planning
import ServiceLifecycleTestKit
import Synchronization
import TestSupport
import Testing

@testable import Rotation

/// A host that was suspended for three days.
///
/// The wall clock has gone on. The clock that nobody sets has, too, where the kernel counts its sleep (CLOCK_BOOTTIME), and
/// has not where a hypervisor paused the machine and the time was set afterwards.
@Suite(.timeLimit(.minutes(5))) struct ResumeTests {
  private static let endpoints = 40
  private let site: Site
  private let server: TLSServer

  init() throws {
    let one = try Authority.one.get()
    server = try TLSServer(identity: try one.leaf(days: 300).served)
    site = try Site()
    let anchors = try site.folder.write("anchors.pem", one.issuing.path.pem)
    let port = server.port
    let endpoints = (1...Self.endpoints).map { number in
      """
        shop-\(number): {url: "https://localhost:\(port)", connect-to: "127.0.0.1:\(port)", anchors: {bundle: \(anchors)}}
      """
    }
    try site.configure(
      """
      defaults: {refetch-every: 6h, proxy: none, alert-before: [1d]}
      endpoints:
      \(endpoints.joined(separator: "\n"))
      keystores:
        own:
          identity: {self-signed: {subject: CN=host, valid-for: 104h, key-bits: 2048}}
          trust: {endpoints: [shop-1]}
          files: [{pse: {path: client.pse}}]
      """)
  }

  /// Does the daemon's work and counts it; none of it begins while the gate is closed.
  private final class CountingRunner: WorkRunner {
    private let dispatcher: Dispatcher
    private let bell: Bell
    private let gate = Gate()
    private let done = Mutex<[Work: Int]>([:])

    init(_ dispatcher: Dispatcher, _ bell: Bell) { (self.dispatcher, self.bell) = (dispatcher, bell) }

    func close() async { await gate.close() }
    func open() async { await gate.open() }

    /// What was done since the last call, and how often.
    func take() -> [Work: Int] {
      done.withLock { done in
        defer { done = [:] }
        return done
      }
    }

    private func count(_ works: [Work]) {
      done.withLock { done in for work in works { done[work, default: 0] += 1 } }
    }

    func probe(_ endpoints: [String]) async throws {
      await gate.pass()
      count(endpoints.map { .probe(endpoint: $0) })
      try await dispatcher.probe(endpoints)
      // Theirs is the bell of the daemon's own conductor, which does not run here.
      bell.ring()
    }

    func run(_ work: DueWork) async throws {
      await gate.pass()
      count([work.work])
      try await dispatcher.run(work)
    }
  }

  /// Lets everybody pass while it is open.
  private actor Gate {
    private var isClosed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func close() { isClosed = true }

    func open() {
      isClosed = false
      for one in waiting { one.resume() }
      waiting = []
    }

    func pass() async {
      if isClosed { await withCheckedContinuation { waiting.append($0) } }
    }
  }

  @Test(arguments: [true, false])
  func `what became due meanwhile is done at once, and once, and the watchdog hears of it before`(
    isCounted: Bool
  ) async throws {
    try await site.run { daemon in
      let start = ContinuousClock().now
      let elapsed = Mutex(Duration.zero)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let services = daemon.services
      let pulse = Pulse(
        context: daemon.context, fetcher: services.fetcher, refresher: services.refresher, keeper: services.keeper,
        notifier: ServiceManagerNotifier(logger: logger),
        presence: try StatePresence(daemon.context.layout, files: HostFiles()),
        ledgerCounter: try await daemon.context.ledger.changeCounter(), monotonic: { start + elapsed.withLock { $0 } })
      let (bell, alarm) = (Bell(), ManualAlarm())
      let runner = CountingRunner(services.dispatcher, bell)
      let conductor = Conductor(
        landscape: daemon.context.landscape, runner: runner, bell: bell, alarm: alarm, clock: site.clock,
        proveLife: {
          try await pulse.beat()
          // Only now: a proof that waited for the work would never come.
          await runner.open()
        })
      try await testGracefulShutdown { trigger in
        try await withThrowingTaskGroup { group in
          group.addTask { try await conductor.run() }
          await rest(alarm, daemon)
          #expect(runner.take().values.allSatisfy { $0 == 1 })
          #expect(try await daemon.currentNumber("own") == 1)
          _ = site.recorder.take()

          await runner.close()
          site.clock.advance(by: .days(3))
          elapsed.withLock { $0 += isCounted ? .days(3) : .seconds(2) }
          // The host's timer ends a wait when it resumes, as when the clock is set.
          alarm.ring()
          await rest(alarm, daemon)
          trigger.triggerGracefulShutdown()
          try await group.waitForAll()
        }
      }
      try await expectMadeUpFor(runner.take(), daemon, isCounted: isCounted)
    }
  }

  /// Waits until the conductor sleeps with nothing left to do.
  private func rest(_ alarm: ManualAlarm, _ daemon: RunningSite) async {
    for await _ in alarm.asked {
      let isBusy = await !daemon.context.landscape.inventory.underWay.isEmpty
      if !isBusy, await daemon.context.landscape.plan(now: site.clock.now()).due.isEmpty { return }
    }
  }

  private func expectMadeUpFor(_ done: [Work: Int], _ daemon: RunningSite, isCounted: Bool) async throws {
    let probes = done.filter { if case .probe = $0.key { true } else { false } }
    #expect(probes.count == Self.endpoints && probes.values.allSatisfy { $0 == 1 }, "each endpoint once: \(probes)")
    #expect(done.values.allSatisfy { $0 <= 2 }, "\(done)")
    #expect(done[.renewSelfSigned(keystore: "own")] == 1)
    #expect(try await daemon.currentNumber("own") == 2)
    let told = site.recorder.takeNames()
    #expect(told.contains(.clockChanged) == !isCounted, "a sleep that was counted is no jump of a clock: \(told)")
    #expect(Set(told).subtracting([.clockChanged]) == [.identityRenewed, .keystoreWritten], "\(told)")
    // They do not go on in step: what was done at one time is due over a fifth of the interval.
    let landscape = daemon.context.landscape
    let now = site.clock.now()
    let plan = Planner.plan(
      await landscape.configuration, await landscape.inventory, now: now, foreseeing: true)
    let waits = plan.upcoming.filter { if case .probe = $0.key { true } else { false } }
      .values.map { $0.timeIntervalSince(now) / 3600 }
    let (first, last) = (try #require(waits.min()), try #require(waits.max()))
    #expect(waits.count == Self.endpoints && first >= 5.4 && last <= 6.6, "\(first) to \(last) hours")
    #expect(last - first > 0.6, "\(first) to \(last) hours")
  }

  @Test func `a network that comes later than the host is no news`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      server.setBehaviour(.resetAtAccept)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      let failed = await daemon.context.landscape.inventory.endpoints.values.count { $0.schedule.failures == 1 }
      #expect(failed == Self.endpoints)
      server.setBehaviour(.serve)
      site.clock.advance(by: .seconds(90))
      try await daemon.settle()
      #expect(site.recorder.take().isEmpty)
      let after = await daemon.context.landscape.inventory.endpoints.values
      #expect(after.allSatisfy { $0.schedule.failures == 0 && $0.schedule.lastSuccess == site.clock.now() })
    }
  }
}
