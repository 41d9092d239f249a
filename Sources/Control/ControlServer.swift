// SPDX-License-Identifier: Apache-2.0

package import Host
import Synchronization
package import SystemPackage

/// Listens on the control socket and answers those who may connect, each in a task of its own and none in a thread.
///
/// Every client is taken for hostile: what it sends is bounded in length and time, and whoever breaks the protocol is
/// hung up on without an answer.
package final class ControlServer: Sendable {
  private let path: FilePath
  private let first: ControlListener
  private let loop: ReadinessLoop
  private let dispatcher: CallDispatcher
  private let access: ControlAccess
  private let limits: ControlLimits
  private let open = Mutex<[ControlAccess.Role: Int]>([:])
  private let lastReports = Mutex<[ControlAccess.Role: ContinuousClock.Instant]>([:])
  private let report: @Sendable (String) -> Void

  /// Begins to listen.
  ///
  /// - Parameters:
  ///   - path: of the socket; its folder exists.
  ///   - dispatcher: answers calls.
  ///   - access: who may act.
  ///   - limits: how much a client may ask for.
  ///   - report: told of what goes wrong on this side, one sentence each.
  /// - Throws: `SystemError`.
  package init(
    path: FilePath, dispatcher: CallDispatcher, access: ControlAccess, limits: ControlLimits = ControlLimits(),
    report: @escaping @Sendable (String) -> Void
  ) throws(SystemError) {
    self.path = path
    self.dispatcher = dispatcher
    self.access = access
    self.limits = limits
    self.report = report
    loop = try ReadinessLoop()
    first = try ControlListener(at: path, backlog: Int32(clamping: limits.connections))
  }

  /// Answers until its task is cancelled; then ends every connection, those with a call under way with ``Fault/stopping``,
  /// and removes the socket.
  ///
  /// A socket whose file somebody removed is made again; what somebody else put in its place is left alone.
  package func run() async {
    var listener = first
    var isReplacementTold = false
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        do {
          guard try await isReadable(listener) else {
            listener = renewed(listener, &isReplacementTold)
            continue
          }
          while let client = try listener.socket.acceptWaiting() {
            let peer = try client.peerCredentials()
            let role = access.role(of: peer)
            // Closing it at once is the only answer that costs nothing.
            guard enter(role) else {
              reportFull(role)
              continue
            }
            let stream = ControlStream(client, loop)
            group.addTask {
              await self.serve(stream, role)
              self.leave(role)
            }
          }
        } catch is CancellationError {
          break
        } catch {
          report("the control socket cannot take a connection: \(error)")
          await pause()
        }
      }
      group.cancelAll()
    }
    do {
      try listener.removeOwn()
    } catch {
      report("the control socket stays behind: \(error)")
    }
  }

  /// Whether a client waits; false when it is time to look after the socket's file.
  private func isReadable(_ listener: ControlListener) async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      defer { group.cancelAll() }
      group.addTask { [loop] in
        try await loop.waitUntilReadable(listener.socket.descriptor.rawValue)
        return true
      }
      group.addTask { [limits] in
        try await Task.sleep(for: limits.inspection)
        return false
      }
      return try await group.next() ?? false
    }
  }

  /// The listener that clients can reach: `listener`, or a new one where its file is gone.
  private func renewed(_ listener: ControlListener, _ isTold: inout Bool) -> ControlListener {
    do throws(SystemError) {
      switch try listener.place() {
      case .own: isTold = false
      case .missing:
        let new = try ControlListener(at: path, backlog: Int32(clamping: limits.connections))
        report("the control socket \(path) was removed, and was made again")
        isTold = false
        return new
      case .foreign:
        if !isTold {
          report("\(path) is no longer this daemon's control socket: no command reaches it until that is removed")
        }
        isTold = true
      }
    } catch {
      if !isTold { report("the control socket \(path) was removed and cannot be made again yet: \(error)") }
      isTold = true
    }
    return listener
  }

  /// A host without free descriptors has none a moment later either.
  private func pause() async {
    do {
      try await Task.sleep(for: .seconds(1))
    } catch {
      // The loop sees the cancellation itself.
      return
    }
  }

  private func enter(_ role: ControlAccess.Role) -> Bool {
    open.withLock { open in
      guard open[role, default: 0] < limits.connections else { return false }
      open[role, default: 0] += 1
      return true
    }
  }

  /// Whoever is hung up on is told nothing, and may ask why; a crowd must not fill the journal.
  private func reportFull(_ role: ControlAccess.Role) {
    let now = ContinuousClock.now
    let isDue = lastReports.withLock { reports in
      if let last = reports[role], now < last.advanced(by: limits.silence) { return false }
      reports[role] = now
      return true
    }
    guard isDue else { return }
    let whose = role == .actor ? "those who may act" : "those who may only look"
    report(
      "the control socket hangs up on \(whose), since \(limits.connections) of them are connected, as many as may be")
  }

  private func leave(_ role: ControlAccess.Role) { open.withLock { $0[role, default: 1] -= 1 } }

  private func serve(_ stream: ControlStream, _ role: ControlAccess.Role) async {
    var reader = MessageReader(limit: limits.callBytes)
    do {
      while let message = try await stream.receive(&reader, idle: limits.idle, transfer: limits.transfer) {
        let call = try Call(message: message)
        guard let answer = try await answer(call, role, stream), !call.oneway else { continue }
        try await stream.send(answer, within: limits.transfer)
      }
    } catch is CancellationError {
      return
    } catch is Call.Malformed, is MessageReader.TooLong, is ControlStreamError {
      return
    } catch let error as SystemError where error.errno == .brokenPipe || error.errno == .connectionReset {
      return
    } catch {
      report("a call on the control socket failed: \(error)")
    }
  }

  /// The last reply; nil when the caller has gone.
  private func answer(
    _ call: Call, _ role: ControlAccess.Role, _ stream: ControlStream
  ) async throws -> [UInt8]? {
    enum End: Sendable {
      case reply([UInt8])
      case hungUp
      case tooLong
    }
    let limit = limits.call
    let end = await withTaskGroup(of: Result<End, any Error>.self) { group in
      group.addTask { [dispatcher] in
        await Self.catching { .reply(try await dispatcher.answer(call, from: role) { try stream.sendAtOnce($0) }) }
      }
      group.addTask {
        await Self.catching {
          try await stream.waitUntilHungUp()
          return .hungUp
        }
      }
      group.addTask {
        await Self.catching {
          try await Task.sleep(for: limit)
          return .tooLong
        }
      }
      // On the end of the daemon all three come back cancelled.
      let first = await group.next() ?? .failure(CancellationError())
      group.cancelAll()
      return first
    }
    do {
      switch try end.get() {
      case .reply(let message): return message
      case .hungUp: return nil
      case .tooLong: return try Reply.message(Fault.refused(reason: "the call took too long", culprit: "certrotd"))
      }
    } catch is CancellationError {
      if !call.oneway { try stream.sendAtOnce(try Reply.message(Fault.stopping)) }
      throw CancellationError()
    }
  }

  private static func catching<Success>(
    _ body: () async throws -> Success
  ) async -> Result<Success, any Error> {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }
}
