// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge
import SystemPackage

/// A probe with its sockets: does what its ``ProbeMachine`` decides, and tells it what came of it.
final class RunningProbe {
  let job: ProbeJob
  var machine: ProbeMachine
  /// When the table will look at the deadlines again.
  var alarm: ContinuousClock.Instant?
  private var sockets: [Int: Connection] = [:]
  private var exchange = Exchange.none

  private final class Connection {
    let socket: StreamSocket
    init(_ socket: consuming StreamSocket) { self.socket = socket }
  }

  /// What is being said on the one connection that is left.
  private enum Exchange {
    case none
    case proxy(Connection, ProxyDialogue, sent: Int)
    case handshake(TLSSession)
  }

  init(job: ProbeJob) {
    self.job = job
    machine = ProbeMachine(
      start: job.plan.start, goal: job.plan.goal, usesProxy: job.plan.proxy != nil, deadlines: job.plan.deadlines)
  }

  /// Identifies a connection to the poller.
  private func token(_ attempt: Int) -> UInt64 { job.id << Self.attemptBits | UInt64(attempt) }

  static func split(token: UInt64) -> (id: UInt64, attempt: Int) {
    (token >> attemptBits, Int(token & (1 << attemptBits - 1)))
  }

  func connect(_ attempt: Int, to address: SocketAddress, _ poller: Poller) -> [ProbeMachine.Action] {
    do throws(SystemError) {
      let connection = Connection(try StreamSocket.connecting(to: address))
      try poller.add(
        connection.socket.descriptor.rawValue, [.readable, .writable, .edgeTriggered], token: token(attempt))
      sockets[attempt] = connection
      return []
    } catch {
      return machine.handle(.connectFailed(attempt: attempt, error.errno), now: .now)
    }
  }

  func close(_ attempt: Int) { sockets[attempt] = nil }

  /// Goes on after the kernel told that something changed.
  func ready(attempt: Int) -> [ProbeMachine.Action] {
    guard let connection = sockets[attempt] else { return [] }
    switch exchange {
    case .none:
      if let errno = connection.socket.pendingError() {
        sockets[attempt] = nil
        return machine.handle(.connectFailed(attempt: attempt, errno), now: .now)
      }
      return machine.handle(.connected(attempt: attempt), now: .now)
    case .proxy: return continueProxy()
    case .handshake(let session): return continueHandshake(session)
    }
  }

  func askProxy() -> [ProbeMachine.Action] {
    guard let connection = sockets.first?.value else { return [] }
    let dialogue = ProxyDialogue(destination: job.plan.server, credentials: job.plan.proxy?.credentials)
    exchange = .proxy(connection, dialogue, sent: 0)
    return continueProxy()
  }

  func shakeHands(_ policy: TLSPolicy) -> [ProbeMachine.Action] {
    guard let connection = sockets.first?.value else { return [] }
    do {
      let session = try TLSSession(policy: policy, socket: connection.socket, serverName: job.plan.serverName)
      exchange = .handshake(session)
      return continueHandshake(session)
    } catch {
      return machine.handle(.failed(.local(error.description)), now: .now)
    }
  }

  /// Closes everything and says what was found.
  func end(_ outcome: ProbeMachine.Outcome) -> ProbeReport {
    var report = ProbeReport(server: job.plan.server, proxy: job.plan.proxy?.address)
    report.address = machine.address
    report.timings = machine.timings
    if case .handshake(let session) = exchange {
      report.certificates = session.peerCertificates
      if !report.certificates.isEmpty { report.protocolVersion = session.protocolVersion }
    }
    // The session goes before the socket whose number it knows.
    exchange = .none
    sockets = [:]
    switch outcome {
    case .chain: break
    case .addresses(let addresses): report.addresses = addresses
    case .failed(let kind, let phase):
      report.failure = ProbeFailure(
        kind: kind, phase: phase, server: job.plan.server, proxy: job.plan.proxy?.address,
        address: machine.address?.host)
    }
    return report
  }

  private func continueHandshake(_ session: TLSSession) -> [ProbeMachine.Action] {
    switch session.step() {
    case .wantsRead, .wantsWrite: []
    case .done: machine.handle(.handshakeDone, now: .now)
    case .failed(let failure): machine.handle(.failed(Self.kind(of: failure)), now: .now)
    }
  }

  private func continueProxy() -> [ProbeMachine.Action] {
    guard case .proxy(let connection, var dialogue, var sent) = exchange else { return [] }
    // The dialogue goes back into the enumeration on every way out, changed or not.
    defer { if case .proxy = exchange { exchange = .proxy(connection, dialogue, sent: sent) } }
    do throws(SystemError) {
      while sent < dialogue.request.count {
        let outcome = try dialogue.request.withSpan { span throws(SystemError) in
          try connection.socket.send(span.extracting(droppingFirst: sent))
        }
        guard case .value(let count) = outcome else { return [] }
        sent += count
      }
      while true {
        switch try connection.socket.receive(limit: dialogue.readLimit) {
        case .wouldBlock: return []
        case .end: return machine.handle(.failed(.closed), now: .now)
        case .value(let bytes):
          switch dialogue.take(bytes) {
          case .needsMore: continue
          case .tunnelled: return machine.handle(.tunnelled, now: .now)
          case .failed(let kind): return machine.handle(.failed(kind), now: .now)
          }
        }
      }
    } catch {
      let isReset = error.errno == .connectionReset || error.errno == .brokenPipe
      return machine.handle(.failed(isReset ? .reset : .local(error.description)), now: .now)
    }
  }

  private static func kind(of failure: TLSFailure) -> ProbeFailure.Kind {
    switch failure {
    case .notTLS(let what): .notTLS(what)
    case .alert(let alert): .alert(alert)
    case .closed: .closed
    case .connection(.connectionReset), .connection(.brokenPipe): .reset
    case .connection(.timedOut), .connection(.networkUnreachable), .connection(.noRouteToHost): .reset
    case .connection(let errno): .local(SystemError(call: "read", errno: errno).description)
    case .noCertificate: .chainEmpty
    case .certificateUnreadable(let error): .certificateUnreadable(error.description)
    case .chainTooLarge: .tooLarge
    case .endless(let bytes): .protocolViolation("the server sent \(bytes) bytes, and its handshake goes on")
    case .protocolViolation(let error): .protocolViolation(error.description)
    case .local(let error): .local(error.description)
    }
  }

  /// Room for ``ConnectRace/attemptLimit``.
  private static let attemptBits: UInt64 = 4
}
