// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// What a probe does next, decided from what happened and the time alone; an ``EventLoop`` does it.
///
/// looking up → connecting (a race of addresses) → asking the proxy, if there is one → handshaking → finished.
struct ProbeMachine {
  typealias Instant = ContinuousClock.Instant

  /// Where it begins.
  enum Start {
    /// A name to look up first.
    case name(HostPort)
    /// Addresses that are known already, at least one.
    case addresses([SocketAddress])
  }

  /// What it ends with when nothing fails.
  enum Goal { case addresses, chain }

  enum Input {
    case lookedUp(Result<[SocketAddress], NameLookupError>)
    /// There is no thread left to look up with.
    case lookupStuck(threads: Int)
    case connected(attempt: Int)
    case connectFailed(attempt: Int, Errno)
    /// The proxy has made the tunnel.
    case tunnelled
    case handshakeDone
    /// What was under way on the connection has failed.
    case failed(ProbeFailure.Kind)
    /// A deadline may have passed.
    case timePassed
    case cancelled
  }

  /// What the loop has to do, in order.
  ///
  /// Whatever is still open after `finish` is to be closed.
  enum Action {
    case lookUp(HostPort)
    case connect(attempt: Int, SocketAddress)
    /// Another attempt has won.
    case abandon(attempt: Int)
    case askProxy
    case shakeHands
    case finish(Outcome)
  }

  enum Outcome {
    case addresses([SocketAddress])
    case chain
    case failed(ProbeFailure.Kind, ProbePhase)
  }

  private enum State {
    case unstarted
    case lookingUp(until: Instant)
    case connecting(ConnectRace, until: Instant)
    case askingProxy(until: Instant)
    case handshaking(until: Instant)
    case finished
  }

  let start: Start
  let goal: Goal
  let usesProxy: Bool
  let deadlines: ProbeDeadlines
  /// The address of the connection that has won, or was last to fail.
  private(set) var address: SocketAddress?
  private(set) var timings = ProbeTimings()
  private var state = State.unstarted
  private var began: Instant?
  private var phaseBegan: Instant?
  private var wholeUntil: Instant?

  init(start: Start, goal: Goal = .chain, usesProxy: Bool = false, deadlines: ProbeDeadlines) {
    self.start = start
    self.goal = goal
    self.usesProxy = usesProxy
    self.deadlines = deadlines
  }

  /// When ``handle(_:now:)`` wants `timePassed` at the latest; `nil` before the start and after the end.
  var nextDeadline: Instant? {
    guard let wholeUntil else { return nil }
    switch state {
    case .unstarted, .finished: return nil
    case .lookingUp(let until), .askingProxy(let until), .handshaking(let until): return min(until, wholeUntil)
    case .connecting(let race, let until):
      return min(until, wholeUntil, race.nextEvent ?? wholeUntil)
    }
  }

  var phase: ProbePhase {
    switch state {
    case .unstarted, .lookingUp: .lookup
    case .connecting: .connect
    case .askingProxy: .proxy
    case .handshaking, .finished: .handshake
    }
  }

  /// Begins; all deadlines count from `now`.
  mutating func begin(now: Instant) -> [Action] {
    guard case .unstarted = state else { preconditionFailure("a probe begins once") }
    began = now
    phaseBegan = now
    wholeUntil = now + deadlines.whole
    switch start {
    case .name(let name):
      state = .lookingUp(until: now + deadlines.lookup)
      return [.lookUp(name)]
    case .addresses(let addresses):
      return connect(addresses, now)
    }
  }

  /// Takes what happened; inputs that come too late, such as the answer to an abandoned look-up, do nothing.
  mutating func handle(_ input: Input, now: Instant) -> [Action] {
    if case .finished = state { return [] }
    if case .cancelled = input { return finish(.failed(.cancelled, phase), now) }
    if case .timePassed = input { return timePassed(now) }
    switch (state, input) {
    case (.lookingUp, .lookedUp(.success(let addresses))):
      timings.lookup = elapsed(now)
      if goal == .addresses { return finish(.addresses(addresses), now) }
      return connect(addresses, now)
    case (.lookingUp, .lookedUp(.failure(let error))):
      return finish(.failed(.lookupFailed(error), .lookup), now)
    case (.lookingUp, .lookupStuck(let threads)):
      return finish(.failed(.lookupStuck(threads: threads), .lookup), now)
    case (.connecting(let race, _), .connected(let attempt)) where race.open.contains(attempt):
      return won(race, attempt, now)
    case (.connecting(var race, let until), .connectFailed(let attempt, let errno)):
      guard race.failed(attempt, errno) else { return [] }
      return advance(&race, until, now)
    case (.askingProxy, .tunnelled):
      timings.proxy = elapsed(now)
      return shakeHands(now)
    case (.handshaking, .handshakeDone):
      timings.handshake = elapsed(now)
      return finish(.chain, now)
    case (.askingProxy, .failed(let kind)), (.handshaking, .failed(let kind)):
      return finish(.failed(kind, phase), now)
    default:
      return []
    }
  }

  private mutating func connect(_ addresses: [SocketAddress], _ now: Instant) -> [Action] {
    var race = ConnectRace(addresses: addresses)
    phaseBegan = now
    return advance(&race, now + deadlines.connect, now)
  }

  /// Starts the attempt that is due, if any; ends the probe when every address has failed.
  private mutating func advance(_ race: inout ConnectRace, _ until: Instant, _ now: Instant) -> [Action] {
    var actions: [Action] = []
    if let attempt = race.attemptDue(now) {
      actions.append(.connect(attempt: attempt, race.addresses[attempt]))
    }
    state = .connecting(race, until: until)
    guard race.isLost else { return actions }
    let failure = race.tellingFailure
    address = failure.map { race.addresses[$0.attempt] }
    let kind = Self.kind(of: failure?.errno ?? .addressNotAvailable, after: deadlines.connect)
    return finish(.failed(kind, .connect), now)
  }

  private mutating func won(_ race: ConnectRace, _ attempt: Int, _ now: Instant) -> [Action] {
    address = race.addresses[attempt]
    timings.connect = elapsed(now)
    var actions = race.open.filter { $0 != attempt }.map { Action.abandon(attempt: $0) }
    if usesProxy {
      phaseBegan = now
      state = .askingProxy(until: now + deadlines.connect)
      actions.append(.askProxy)
    } else {
      actions += shakeHands(now)
    }
    return actions
  }

  private mutating func shakeHands(_ now: Instant) -> [Action] {
    phaseBegan = now
    state = .handshaking(until: now + deadlines.handshake)
    return [.shakeHands]
  }

  private mutating func timePassed(_ now: Instant) -> [Action] {
    if let wholeUntil, wholeUntil <= now {
      return finish(.failed(.timedOut(.whole, after: deadlines.whole), phase), now)
    }
    switch state {
    case .lookingUp(let until) where until <= now:
      return finish(.failed(.timedOut(.lookup, after: deadlines.lookup), .lookup), now)
    case .connecting(let race, let until) where until <= now:
      address = race.open.first.map { race.addresses[$0] }
      return finish(.failed(.timedOut(.connect, after: deadlines.connect), .connect), now)
    case .connecting(var race, let until):
      return advance(&race, until, now)
    case .askingProxy(let until) where until <= now:
      return finish(.failed(.timedOut(.proxy, after: deadlines.connect), .proxy), now)
    case .handshaking(let until) where until <= now:
      return finish(.failed(.timedOut(.handshake, after: deadlines.handshake), .handshake), now)
    default:
      return []
    }
  }

  private mutating func finish(_ outcome: Outcome, _ now: Instant) -> [Action] {
    if let began { timings.whole = began.duration(to: now) }
    state = .finished
    return [.finish(outcome)]
  }

  private func elapsed(_ now: Instant) -> Duration? { phaseBegan.map { $0.duration(to: now) } }

  /// What the kernel's reason for a failed connect(2) means to the operator.
  private static func kind(of errno: Errno, after limit: Duration) -> ProbeFailure.Kind {
    switch errno {
    case .connectionRefused: .refused
    case .connectionReset, .connectionAbort: .reset
    case .timedOut: .timedOut(.connect, after: limit)
    case .networkUnreachable, .noRouteToHost, .networkDown, .hostIsDown, .addressNotAvailable,
      .addressFamilyNotSupported:
      .unreachable(errno)
    default: .local(SystemError(call: "connect", errno: errno).description)
    }
  }
}
