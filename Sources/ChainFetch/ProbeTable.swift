// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge

/// The probes of one ``EventLoop``; used by its thread only.
final class ProbeTable {
  private struct Alarm: Comparable {
    let time: ContinuousClock.Instant
    let id: UInt64
    static func < (left: Alarm, right: Alarm) -> Bool { left.time < right.time }
  }

  private let loop: EventLoop
  private let poller: Poller
  private let policy: TLSPolicy
  private let resolver: Resolver
  private var probes: [UInt64: RunningProbe] = [:]
  // Each probe has one alarm that counts, the earliest; later ones of it, and those of finished probes, ring in vain.
  private var alarms = MinimumHeap<Alarm>()

  init(loop: EventLoop, poller: Poller, policy: TLSPolicy, resolver: Resolver) {
    self.loop = loop
    self.poller = poller
    self.policy = policy
    self.resolver = resolver
  }

  /// How long nothing needs to be done unless a descriptor becomes ready; `nil`: for ever.
  var timeUntilDeadline: Duration? {
    alarms.minimum.map { max(.zero, ContinuousClock.now.duration(to: $0.time)) }
  }

  func take(_ message: EventLoop.Message) {
    switch message {
    case .begin(let job):
      let probe = RunningProbe(job: job)
      probes[job.id] = probe
      perform(probe.machine.begin(now: .now), probe)
    case .cancel(let id):
      feed(id, .cancelled)
    case .lookedUp(let id, .found(let result)):
      feed(id, .lookedUp(result))
    case .lookedUp(let id, .stuck(let threads)):
      feed(id, .lookupStuck(threads: threads))
    case .ping(let answer):
      answer()
    }
  }

  func take(_ event: Poller.Event) {
    let (id, attempt) = RunningProbe.split(token: event.token)
    guard let probe = probes[id] else { return }
    perform(probe.ready(attempt: attempt), probe)
  }

  func timePassed() {
    guard var alarm = alarms.minimum else { return }
    let now = ContinuousClock.now
    while alarm.time <= now {
      _ = alarms.removeMinimum()
      if let probe = probes[alarm.id], probe.alarm == alarm.time {
        probe.alarm = nil
        perform(probe.machine.handle(.timePassed, now: now), probe)
      }
      guard let next = alarms.minimum else { return }
      alarm = next
    }
  }

  /// Finishes everything that is still running.
  func end(_ kind: ProbeFailure.Kind) {
    for probe in probes.values { finish(probe, .failed(kind, probe.machine.phase)) }
  }

  private func feed(_ id: UInt64, _ input: ProbeMachine.Input) {
    guard let probe = probes[id] else { return }
    perform(probe.machine.handle(input, now: .now), probe)
  }

  private func perform(_ actions: [ProbeMachine.Action], _ probe: RunningProbe) {
    var actions = actions[...]
    while let action = actions.popFirst() {
      switch action {
      case .lookUp(let name):
        let id = probe.job.id
        resolver.start(id: id, name: name) { [loop] answer in
          // A loop that has ended has told the probe's owner already.
          _ = loop.send(.lookedUp(id: id, answer))
        }
      case .connect(let attempt, let address):
        actions += probe.connect(attempt, to: address, poller)
      case .abandon(let attempt):
        probe.close(attempt)
      case .askProxy:
        actions += probe.askProxy()
      case .shakeHands:
        actions += probe.shakeHands(policy)
      case .finish(let outcome):
        return finish(probe, outcome)
      }
    }
    setAlarm(probe)
  }

  private func finish(_ probe: RunningProbe, _ outcome: ProbeMachine.Outcome) {
    var outcome = outcome
    if case .failed(let kind, .lookup) = outcome, !resolver.abandon(id: probe.job.id),
      case .timedOut = kind
    {
      // It waited all the time behind look-ups that hang.
      outcome = .failed(.lookupStuck(threads: resolver.threadLimit), .lookup)
    }
    probes[probe.job.id] = nil
    // Close first, so that whoever is told finds the connection gone.
    let report = probe.end(outcome)
    probe.job.completion(report)
  }

  private func setAlarm(_ probe: RunningProbe) {
    guard let time = probe.machine.nextDeadline, probe.alarm.map({ time < $0 }) ?? true else { return }
    probe.alarm = time
    alarms.insert(Alarm(time: time, id: probe.job.id))
    // Alarms of finished probes stay until their time: sweep when most are such.
    if alarms.count > 1024, alarms.count > 8 * probes.count { sweepAlarms() }
  }

  private func sweepAlarms() {
    alarms = MinimumHeap()
    for (id, probe) in probes {
      if let time = probe.alarm { alarms.insert(Alarm(time: time, id: id)) }
    }
  }
}
