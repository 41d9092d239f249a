// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Planning
import ServiceLifecycle
import ServiceLifecycleTestKit
import Settings
import Synchronization
import SystemPackage
import Testing

@testable import Rotation

/// Records what it was given; what `behaviour` does is done in place of real work.
private final class ScriptedRunner: WorkRunner {
  typealias Behaviour = @Sendable (Work) async throws -> Void
  private let started = Mutex<[Work]>([])
  private let behaviour: Behaviour

  init(_ behaviour: @escaping Behaviour) { self.behaviour = behaviour }

  var works: [Work] { started.withLock(\.self) }

  func probe(_ endpoints: [String]) async throws {
    for endpoint in endpoints { try await run(.probe(endpoint: endpoint)) }
  }

  func run(_ work: DueWork) async throws { try await run(work.work) }

  private func run(_ work: Work) async throws {
    started.withLock { $0.append(work) }
    try await behaviour(work)
  }
}

@Suite(.timeLimit(.minutes(5))) struct ConductorTests {
  private let landscape = Landscape(
    configuration: Configuration(serviceKeys: [ServiceKeySettings(name: "k", source: .file("/k.json"))]),
    knowledge: Knowledge(inventory: Inventory(installation: 1), conditions: [:]))
  private let alarm = ManualAlarm()
  private let bell = Bell()
  private let clock = ManualWallClock()

  private func conductor(
    _ runner: any WorkRunner, proveLife: @escaping @Sendable () async throws -> Void = {}
  ) -> Conductor {
    Conductor(landscape: landscape, runner: runner, bell: bell, alarm: alarm, clock: clock, proveLife: proveLife)
  }

  private func finish(_ work: Work) async {
    let cadence = await landscape.cadence(of: work)
    let now = clock.now()
    await landscape.update {
      $0.serviceKeys["k", default: SourceState()].schedule = Schedule.untouched.succeeded(at: now, cadence: cadence)
    }
  }

  @Test func `due work is started once, and again when its time has come`() async throws {
    let runner = ScriptedRunner { [self] in await finish($0) }
    let conductor = conductor(runner)
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup { group in
        group.addTask { try await conductor.run() }
        var asked = alarm.asked.makeAsyncIterator()
        // The first turn may sleep before the work ends; the turn after the work knows the next time.
        var next: Date?
        while next == nil {
          guard let time = await asked.next() else { break }
          next = time
        }
        let due = try #require(next)
        #expect(due > clock.now())
        #expect(runner.works == [.readServiceKey("k")])
        bell.ring()
        #expect(await asked.next() == .some(due))
        #expect(runner.works.count == 1, "a turn without news starts nothing")

        clock.set(due)
        alarm.ring()
        while runner.works.count < 2 { guard await asked.next() != nil else { break } }
        #expect(runner.works == [.readServiceKey("k"), .readServiceKey("k")])
        trigger.triggerGracefulShutdown()
        try await group.waitForAll()
      }
    }
  }

  @Test func `work under way is not started again, and shutdown ends it`() async throws {
    let ended = Mutex(false)
    let (started, start) = AsyncStream<Void>.makeStream()
    let runner = ScriptedRunner { _ in
      start.yield()
      defer { ended.withLock { $0 = true } }
      try await Task.sleep(for: .seconds(3600))
    }
    let conductor = conductor(runner)
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup { group in
        group.addTask { try await conductor.run() }
        for await _ in started { break }
        var asked = alarm.asked.makeAsyncIterator()
        for _ in 1...3 {
          _ = await asked.next()
          bell.ring()
        }
        #expect(runner.works.count == 1)
        trigger.triggerGracefulShutdown()
        try await group.waitForAll()
      }
    }
    let hasEnded = ended.withLock { $0 }
    #expect(hasEnded)
  }

  @Test func `a failing alarm ends it`() async throws {
    let failure = SystemError(call: "timerfd_settime", errno: .invalidArgument)
    let conductor = conductor(ScriptedRunner { [self] in await finish($0) })
    alarm.fail(failure)
    await #expect(throws: failure) { try await conductor.run() }
  }

  @Test func `a failing proof of life ends it`() async throws {
    let failure = SystemError(call: "proof", errno: .ioError)
    let conductor = conductor(ScriptedRunner { [self] in await finish($0) }) { throw failure }
    await #expect(throws: failure) { try await conductor.run() }
  }

  @Test func `work that cannot go on ends it`() async throws {
    let failure = SystemError(call: "ledger", errno: .ioError)
    let conductor = conductor(ScriptedRunner { _ in throw failure })
    await #expect(throws: failure) { try await conductor.run() }
  }

  @Test func `each turn proves that it lives`() async throws {
    let beats = Mutex(0)
    let conductor = conductor(ScriptedRunner { [self] in await finish($0) }) { beats.withLock { $0 += 1 } }
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup { group in
        group.addTask { try await conductor.run() }
        var asked = alarm.asked.makeAsyncIterator()
        _ = await asked.next()
        let before = beats.withLock { $0 }
        bell.ring()
        _ = await asked.next()
        let after = beats.withLock { $0 }
        #expect(before >= 1 && after > before)
        trigger.triggerGracefulShutdown()
        try await group.waitForAll()
      }
    }
  }
}
