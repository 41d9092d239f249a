// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
import Planning
import ServiceLifecycle
import Synchronization

/// The loop that makes it run: asks what is due, has it done, and sleeps until something changes.
///
/// It decides nothing; `Planner` does. It wakes for a time in the plan, for work that ended, for a changed file or
/// configuration, for a clock that was set, and every ``heartbeat`` to prove that it lives.
package struct Conductor: Service {
  private let landscape: Landscape
  private let runner: any WorkRunner
  private let bell: Bell
  private let alarm: any Alarm
  private let clock: any WallClock
  private let proveLife: @Sendable () async throws -> Void

  /// - Parameters:
  ///   - landscape: what is configured and known.
  ///   - runner: does the work.
  ///   - bell: wakes the loop.
  ///   - alarm: waits for times.
  ///   - clock: the wall clock.
  ///   - proveLife: called on each turn; reaches through every part that could hang, and then tells the service manager.
  package init(
    landscape: Landscape, runner: any WorkRunner, bell: Bell, alarm: any Alarm, clock: any WallClock,
    proveLife: @escaping @Sendable () async throws -> Void
  ) {
    self.landscape = landscape
    self.runner = runner
    self.bell = bell
    self.alarm = alarm
    self.clock = clock
    self.proveLife = proveLife
  }

  /// Runs until the service group shuts down; then cancels what is under way and returns.
  package func run() async throws {
    bell.ring()
    let failure = FirstFailure()
    try await withThrowingDiscardingTaskGroup { group in
      var sleeper: Task<Void, any Error>?
      for await _ in bell.rings.cancelOnGracefulShutdown() {
        try await end(sleeper)
        // A group that a child's error has cancelled still lets this loop go on: whoever fails leaves word and rings.
        if let error = failure.error { throw error }
        let plan = await landscape.plan(now: clock.now())
        try await start(plan.due, in: &group, failure)
        try await proveLife()
        sleeper = sleep(until: plan.next)
      }
      try await end(sleeper)
      group.cancelAll()
    }
  }

  /// Rings at `time`; a host that gives no timer rings too, so that ``end(_:)`` finds out why.
  private func sleep(until time: Date?) -> Task<Void, any Error> {
    Task { [alarm, bell] in
      do {
        try await alarm.wait(until: time, atMost: Self.heartbeat)
      } catch is CancellationError {
        return
      } catch {
        bell.ring()
        throw error
      }
      bell.ring()
    }
  }

  private func end(_ sleeper: Task<Void, any Error>?) async throws {
    sleeper?.cancel()
    try await sleeper?.value
  }

  private func start(
    _ due: [DueWork], in group: inout ThrowingDiscardingTaskGroup<any Error>, _ failure: FirstFailure
  ) async throws {
    var endpoints: [String] = []
    for work in due {
      guard await landscape.begin(work.work) else { continue }
      if case .probe(let endpoint) = work.work {
        endpoints.append(endpoint)
        continue
      }
      group.addTask {
        try await unlessItEnds(failure) { try await runner.run(work) }
        await landscape.end(CollectionOfOne(work.work))
        bell.ring()
      }
    }
    guard !endpoints.isEmpty else { return }
    let probes = endpoints
    group.addTask { try await unlessItEnds(failure) { try await runner.probe(probes) } }
  }

  /// Work that was cut short by the end of the daemon has not failed: its outcome is simply not recorded.
  private func unlessItEnds(_ failure: FirstFailure, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch is CancellationError {
      return
    } catch {
      failure.remember(error)
      bell.ring()
      throw error
    }
  }

  /// The longest sleep: a third of the watchdog's interval in the unit that is shipped.
  package static let heartbeat = Duration.seconds(10)
}

/// The first error of the work that a conductor has started.
private final class FirstFailure: Sendable {
  private let storage = Mutex<(any Error)?>(nil)

  var error: (any Error)? { storage.withLock(\.self) }

  func remember(_ error: any Error) { storage.withLock { $0 = $0 ?? error } }
}
