// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage
import Testing

@testable import ChainFetch

/// Drives the machine by hand, with made-up time.
@Suite struct ProbeMachineTests {
  private let start = ContinuousClock.now
  private let deadlines = ProbeDeadlines(
    lookup: .seconds(5), connect: .seconds(4), handshake: .seconds(10), whole: .seconds(15))

  private func addresses(_ texts: String...) throws -> [SocketAddress] {
    try texts.map { try #require(SocketAddress(literal: $0, port: 443)) }
  }

  private func machine(
    _ start: ProbeMachine.Start, usesProxy: Bool = false, goal: ProbeMachine.Goal = .chain
  ) -> DrivenMachine {
    DrivenMachine(ProbeMachine(start: start, goal: goal, usesProxy: usesProxy, deadlines: deadlines))
  }

  private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  @Test func goesFromNameToChain() throws {
    let machine = machine(.name(HostPort(host: "a.example", port: 443)))
    #expect(machine.begin(now: start).texts == ["look up a.example:443"])
    #expect(machine.nextDeadline == after(5000))
    let found = try addresses("192.0.2.1")
    #expect(machine.handle(.lookedUp(.success(found)), now: after(100)).texts == ["connect 0 192.0.2.1:443"])
    #expect(machine.handle(.connected(attempt: 0), now: after(130)).texts == ["shake hands"])
    #expect(machine.nextDeadline == after(10_130))
    #expect(machine.handle(.handshakeDone, now: after(200)).texts == ["finish: chain"])
    #expect(machine.nextDeadline == nil)
    #expect(machine.timings.lookup == .milliseconds(100))
    #expect(machine.timings.connect == .milliseconds(30))
    #expect(machine.timings.handshake == .milliseconds(70))
    #expect(machine.timings.whole == .milliseconds(200))
    #expect(machine.address == found[0])
  }

  @Test func stopsAtTheAddressesWhenThoseAreWanted() throws {
    let machine = machine(.name(HostPort(host: "a.example", port: 443)), goal: .addresses)
    _ = machine.begin(now: start)
    let found = try addresses("192.0.2.1", "192.0.2.2")
    #expect(
      machine.handle(.lookedUp(.success(found)), now: start).texts == ["finish: 192.0.2.1:443 192.0.2.2:443"])
  }

  @Test func racesTheSecondAddressAfterTheStagger() throws {
    let machine = machine(.addresses(try addresses("2001:db8::1", "192.0.2.1")))
    #expect(machine.begin(now: start).texts == ["connect 0 [2001:db8::1]:443"])
    #expect(machine.nextDeadline == after(250))
    #expect(machine.handle(.timePassed, now: after(249)).texts.isEmpty)
    #expect(machine.handle(.timePassed, now: after(250)).texts == ["connect 1 192.0.2.1:443"])
    #expect(machine.nextDeadline == after(4000))
    #expect(machine.handle(.connected(attempt: 1), now: after(260)).texts == ["abandon 0", "shake hands"])
    #expect(machine.address?.host == "192.0.2.1")
  }

  @Test func triesTheNextAddressAtOnceWhenOneFails() throws {
    let machine = machine(.addresses(try addresses("192.0.2.1", "192.0.2.2")))
    _ = machine.begin(now: start)
    let actions = machine.handle(.connectFailed(attempt: 0, .connectionRefused), now: after(3))
    #expect(actions.texts == ["connect 1 192.0.2.2:443"])
    #expect(
      machine.handle(.connectFailed(attempt: 1, .connectionRefused), now: after(5)).texts
        == ["finish: refused in connect"])
  }

  @Test func tellsTheFailureThatAPeerGaveRatherThanAMissingRoute() throws {
    let machine = machine(.addresses(try addresses("2001:db8::1", "192.0.2.1")))
    _ = machine.begin(now: start)
    _ = machine.handle(.connectFailed(attempt: 0, .networkUnreachable), now: start)
    let actions = machine.handle(.connectFailed(attempt: 1, .connectionRefused), now: start)
    #expect(actions.texts == ["finish: refused in connect"])
    #expect(machine.address?.host == "192.0.2.1")
  }

  @Test func asksTheProxyBeforeTheHandshake() throws {
    let machine = machine(.addresses(try addresses("192.0.2.1")), usesProxy: true)
    _ = machine.begin(now: start)
    #expect(machine.handle(.connected(attempt: 0), now: after(10)).texts == ["ask proxy"])
    #expect(machine.nextDeadline == after(4010))
    #expect(machine.handle(.tunnelled, now: after(30)).texts == ["shake hands"])
    #expect(machine.timings.proxy == .milliseconds(20))
  }

  @Test(arguments: [
    (5000, "finish: timed-out.lookup in lookup", 0), (4000, "finish: timed-out.connect in connect", 1),
    (4000, "finish: timed-out.proxy in proxy", 2), (10_000, "finish: timed-out.handshake in handshake", 3),
  ])
  func endsEachPhaseAtItsDeadline(milliseconds: Int, expected: String, steps: Int) throws {
    let machine = machine(.name(HostPort(host: "a.example", port: 443)), usesProxy: true)
    _ = machine.begin(now: start)
    let inputs: [ProbeMachine.Input] = [
      .lookedUp(.success(try addresses("192.0.2.1"))), .connected(attempt: 0), .tunnelled,
    ]
    for input in inputs.prefix(steps) { _ = machine.handle(input, now: start) }
    #expect(machine.nextDeadline == after(milliseconds))
    #expect(machine.handle(.timePassed, now: after(milliseconds - 1)).texts.isEmpty)
    #expect(machine.handle(.timePassed, now: after(milliseconds)).texts == [expected])
  }

  @Test func endsAtTheWholeDeadlineWhateverThePhaseAllows() throws {
    let machine = machine(.addresses(try addresses("192.0.2.1")), usesProxy: true)
    _ = machine.begin(now: start)
    _ = machine.handle(.connected(attempt: 0), now: after(3500))
    _ = machine.handle(.tunnelled, now: after(7400))
    #expect(machine.nextDeadline == after(15_000))
    #expect(machine.handle(.timePassed, now: after(15_000)).texts == ["finish: timed-out.whole in handshake"])
  }

  @Test func ignoresWhatComesTooLate() throws {
    let machine = machine(.name(HostPort(host: "a.example", port: 443)))
    _ = machine.begin(now: start)
    #expect(machine.handle(.cancelled, now: after(1)).texts == ["finish: cancelled in lookup"])
    #expect(machine.handle(.lookedUp(.success(try addresses("192.0.2.1"))), now: after(2)).texts.isEmpty)
    #expect(machine.handle(.cancelled, now: after(3)).texts.isEmpty)
    #expect(machine.handle(.timePassed, now: after(99_999)).texts.isEmpty)
  }

  @Test func namesALookupThatCouldNotEvenBegin() {
    let machine = machine(.name(HostPort(host: "a.example", port: 443)))
    _ = machine.begin(now: start)
    #expect(machine.handle(.lookupStuck(threads: 8), now: start).texts == ["finish: lookup.stuck in lookup"])
  }

  @Test func limitsTheAddressesOfOneRaceAndAlternatesFamilies() throws {
    let many = try (1...20).map { try #require(SocketAddress(literal: "192.0.2.\($0)", port: 1)) }
    #expect(ConnectRace(addresses: many).addresses.count == ConnectRace.attemptLimit)
    let mixed = try addresses("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2")
    #expect(
      ConnectRace(addresses: mixed).addresses.map(\.host) == ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"])
  }
}

extension [ProbeMachine.Action] {
  fileprivate var texts: [String] {
    map { action in
      switch action {
      case .lookUp(let name): "look up \(name)"
      case .connect(let attempt, let address): "connect \(attempt) \(address)"
      case .abandon(let attempt): "abandon \(attempt)"
      case .askProxy: "ask proxy"
      case .shakeHands: "shake hands"
      case .finish(.chain): "finish: chain"
      case .finish(.addresses(let addresses)): "finish: " + addresses.map(\.description).joined(separator: " ")
      case .finish(.failed(let kind, let phase)):
        "finish: \(ProbeFailure(kind: kind, phase: phase, server: HostPort(host: "h", port: 1)).code) in \(phase)"
      }
    }
  }
}

/// `#expect` takes no mutating calls.
private final class DrivenMachine {
  private var machine: ProbeMachine

  init(_ machine: ProbeMachine) { self.machine = machine }

  var nextDeadline: ContinuousClock.Instant? { machine.nextDeadline }
  var address: SocketAddress? { machine.address }
  var timings: ProbeTimings { machine.timings }
  func begin(now: ContinuousClock.Instant) -> [ProbeMachine.Action] { machine.begin(now: now) }

  func handle(_ input: ProbeMachine.Input, now: ContinuousClock.Instant) -> [ProbeMachine.Action] {
    machine.handle(input, now: now)
  }
}
