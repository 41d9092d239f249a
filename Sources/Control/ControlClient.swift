// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// Calls the running daemon.
package final class ControlClient: Sendable {
  private let stream: ControlStream

  /// Connects to the daemon that listens at `path`.
  ///
  /// - Throws: ``ControlClientError``.
  package init(path: FilePath) throws(ControlClientError) {
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
  /// - Throws: ``Fault`` when the daemon says so, ``ControlClientError`` when it does not answer.
  package func call<Answer: Decodable & Sendable>(
    _ method: ControlInterface.Method, _ parameters: some Encodable = Nothing(), giving type: Answer.Type
  ) async throws -> Answer {
    try await stream.send(try Call.message(method.qualified, parameters), within: Self.transfer)
    var reader = MessageReader(limit: Self.replyLimit)
    return try await reply(&reader).parameters(as: type)
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
    try await stream.send(
      try Call.message(ControlInterface.Method.renew.qualified, wish, more: true), within: Self.transfer)
    var reader = MessageReader(limit: Self.replyLimit)
    while true {
      let reply = try await reply(&reader)
      let content = try reply.parameters(as: ControlInterface.RenewReply.self)
      if let happened = content.step { step(happened) }
      if let outcome = content.outcome { return outcome }
      guard reply.continues else { throw ControlClientError.noAnswer }
    }
  }

  private func reply(_ reader: inout MessageReader) async throws -> Reply {
    let message: [UInt8]?
    do {
      message = try await stream.receive(&reader, idle: Self.patience, transfer: Self.transfer)
    } catch let error as SystemError where error.errno == .connectionReset {
      throw ControlClientError.noAnswer
    } catch is ControlStreamError {
      throw ControlClientError.noAnswer
    }
    guard let message else { throw ControlClientError.noAnswer }
    let reply = try Reply(message: message)
    guard let name = reply.error else { return reply }
    guard let fault = Fault(name: name, parameters: try reply.parameters(as: [String: String].self)) else {
      throw ControlClientError.unknownFault(name)
    }
    throw fault
  }

  /// More than the status of ten thousand endpoints needs, in bytes.
  private static let replyLimit = 64 * 1024 * 1024
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
    case .system(let error): "the daemon cannot be reached: \(error)"
    }
  }
}
