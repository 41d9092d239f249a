// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// Calls the running daemon.
package final class ControlClient: Sendable {
  private let stream: ControlStream
  private let replyLimit: Int

  /// Connects to the daemon that listens at `path`.
  ///
  /// - Parameters:
  ///   - path: of the socket.
  ///   - replyLimit: in bytes; at first more than the status of ten thousand endpoints needs.
  /// - Throws: ``ControlClientError``.
  package init(path: FilePath, replyLimit: Int = 64 * 1024 * 1024) throws(ControlClientError) {
    self.replyLimit = replyLimit
    do {
      stream = ControlStream(try LocalSocket.connecting(to: path), try ReadinessLoop())
    } catch {
      switch error.errno {
      case .noSuchFileOrDirectory, .connectionRefused, .notDirectory: throw .noDaemon(path)
      case .permissionDenied: throw .notAllowed(path)
      default: throw .system(error)
      }
    }
  }

  /// Calls a method that gives one reply.
  ///
  /// - Throws: ``Fault`` when the daemon says so, ``ControlClientError`` when it does not answer as it should;
  ///   `CancellationError`.
  package func call<Answer: Decodable & Sendable>(
    _ method: ControlInterface.Method, _ parameters: some Encodable = Nothing(), giving type: Answer.Type
  ) async throws -> Answer {
    try await send(try Call.message(method.qualified, parameters))
    var reader = MessageReader(limit: replyLimit)
    let reply = try await reply(&reader)
    return try Self.read { try reply.parameters(as: type) }
  }

  /// Renews a service key or a keystore.
  ///
  /// - Parameters:
  ///   - name: of a service key, a keystore, or both.
  ///   - now: also what is not due.
  ///   - step: told of each step.
  /// - Returns: what came of it.
  /// - Throws: as ``call(_:_:giving:)``.
  package func renew(_ name: String, now: Bool, step: (ControlStep) -> Void) async throws -> ControlOutcome {
    let wish = ControlInterface.RenewParameters(name: name, now: now)
    try await send(try Call.message(ControlInterface.Method.renew.qualified, wish, more: true))
    var reader = MessageReader(limit: replyLimit)
    while true {
      let reply = try await reply(&reader)
      let content = try Self.read { try reply.parameters(as: ControlInterface.RenewReply.self) }
      if let happened = content.step { step(happened) }
      if let outcome = content.outcome { return outcome }
      guard reply.continues else { throw ControlClientError.noAnswer }
    }
  }

  private func send(_ message: [UInt8]) async throws {
    try await Self.onConnection { try await stream.send(message, within: Self.transfer) }
  }

  private func reply(_ reader: inout MessageReader) async throws -> Reply {
    let message: [UInt8]?
    do {
      message = try await Self.onConnection {
        try await stream.receive(&reader, idle: Self.patience, transfer: Self.transfer)
      }
    } catch let error as MessageReader.TooLong {
      throw ControlClientError.tooLong(limit: error.limit)
    }
    guard let message else { throw ControlClientError.noAnswer }
    let reply = try Self.read { try Reply(message: message) }
    guard let name = reply.error else { return reply }
    let parameters = try Self.read { try reply.parameters(as: [String: String].self) }
    guard let fault = Fault(name: name, parameters: parameters) else { throw ControlClientError.unknownFault(name) }
    throw fault
  }

  /// A daemon that hangs up may do so before it has read the call, and with what it sent still on the way.
  private static func onConnection<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as SystemError {
      guard error.errno == .connectionReset || error.errno == .brokenPipe else {
        throw ControlClientError.system(error)
      }
      throw ControlClientError.noAnswer
    } catch is ControlStreamError {
      throw ControlClientError.noAnswer
    }
  }

  private static func read<Value>(_ body: () throws -> Value) throws(ControlClientError) -> Value {
    do {
      return try body()
    } catch {
      // What the decoder says of it helps nobody who cannot change either program.
      throw .unreadable
    }
  }

  private static let transfer = Duration.seconds(30)
  /// Longer than the daemon lets any call take.
  private static let patience = Duration.seconds(25 * 60)
}

/// Why the daemon could not be asked.
package enum ControlClientError: Error, Sendable, Equatable {
  case noDaemon(FilePath)
  case notAllowed(FilePath)
  /// It hung up or kept silent.
  case noAnswer
  /// It named an error that this program does not know.
  case unknownFault(String)
  /// What it answered is no reply, or not the one that belongs to the call.
  case unreadable
  /// What it answered is longer than this many bytes.
  case tooLong(limit: Int)
  case system(SystemError)
}

extension ControlClientError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noDaemon(let path):
      "no daemon listens at \(path): start it with systemctl start certrotd"
    case .notAllowed(let path):
      "you may not connect to \(path): become root, or a member of the group certrotd to look without acting"
    case .noAnswer: "the daemon hung up without an answer: journalctl -u certrotd tells why"
    case .unknownFault(let name):
      "the daemon answered \(name), which this program does not know: are both of one version?"
    case .unreadable: "what the daemon answered cannot be read: are it and this program of one version?"
    case .tooLong(let limit): "the daemon's answer is longer than \(limit) bytes: journalctl -u certrotd may tell why"
    case .system(let error): "the daemon cannot be reached: \(error)"
    }
  }
}
