// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

/// In which order the hooks of a generation run.
@Suite struct HookPlanTests {
  private func planned(_ sample: Sample, at now: Date = start) -> [Int64] {
    sample.plan(at: now).due.compactMap { due in
      guard case .runHook(let id) = due.work else { return nil }
      return id
    }.sorted()
  }

  private func failed(_ id: Int64, _ sample: Sample) -> Schedule {
    Schedule.untouched.failed(
      at: start, cadence: Planner.cadence(of: .runHook(id: id), in: sample.configuration, installation: 7),
      reason: "exit status 1")
  }

  @Test func hooksWaitForTheCredentials() {
    var sample = Sample()
    sample.inventory.hooks = [
      HookState(id: 1, keystore: "client", generation: 2, isLogin: true),
      HookState(id: 2, keystore: "client", generation: 2),
    ]
    #expect(planned(sample) == [1])
    sample.inventory.underWay = [.runHook(id: 1)]
    #expect(!planned(sample).contains(2))
    sample.inventory.underWay = []
    sample.inventory.hooks[0].attempts = 1
    sample.inventory.hooks[0].schedule = failed(1, sample)
    #expect(planned(sample) == [], "the backoff of the credentials is not over")
    #expect(planned(sample, at: start + 67) == [1])
    sample.inventory.hooks.removeFirst()
    #expect(planned(sample) == [2])
  }

  @Test func hooksBeginInTheirOrderAndAFailureHoldsNobodyUp() {
    var sample = Sample()
    sample.inventory.hooks = (1...3).map { HookState(id: $0, keystore: "client", generation: 2) }
    #expect(planned(sample) == [1])
    sample.inventory.hooks[0].attempts = 1
    sample.inventory.hooks[0].schedule = failed(1, sample)
    #expect(planned(sample) == [2])
    sample.inventory.hooks.remove(at: 1)
    #expect(planned(sample) == [3])
  }

  @Test func oneRunAtATimeWritesCredentials() {
    var sample = Sample()
    var other = sample.keystore
    other.name = "other"
    sample.configuration.keystores.append(other)
    sample.inventory.hooks = [
      HookState(id: 1, keystore: "client", generation: 2, isLogin: true),
      HookState(id: 2, keystore: "other", generation: 2, isLogin: true),
    ]
    #expect(planned(sample) == [1])
    sample.inventory.underWay = [.runHook(id: 2)]
    #expect(planned(sample) == [])
    sample.inventory.underWay = [.runHook(id: 9)]
    #expect(planned(sample) == [], "one whose generation was superseded still writes the same credentials")
    sample.inventory.underWay = []
    sample.inventory.hooks[0].schedule = failed(1, sample)
    #expect(planned(sample) == [2], "one that waits for its backoff keeps nobody waiting")
  }
}
