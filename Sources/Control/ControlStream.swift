// SPDX-License-Identifier: Apache-2.0

import Host

/// One end of a connection: messages in, messages out, each with a deadline.
///
/// One task uses it at a time, apart from ``waitUntilHungUp()``.
final class ControlStream: Sendable {
  private let socket: StreamSocket
  private let loop: ReadinessLoop

  init(_ socket: consuming StreamSocket, _ loop: ReadinessLoop) {
    self.socket = socket
    self.loop = loop
  }

  /// The next message without its zero.
  ///
  /// - Parameters:
  ///   - reader: what came before, and the limit.
  ///   - idle: how long to wait for a first byte.
  ///   - transfer: how long to wait for the rest.
  /// - Returns: nil when the peer has finished.
  /// - Throws: ``ControlStreamError``, ``MessageReader/TooLong``, `SystemError`, `CancellationError`.
  func receive(
    _ reader: inout MessageReader, idle: Duration, transfer: Duration
  ) async throws -> [UInt8]? {
    if let message = try reader.next() { return message }
    var deadline = ContinuousClock.now.advanced(by: reader.isWithinMessage ? transfer : idle)
    while true {
      switch try socket.receive(limit: 16 * 1024) {
      case .end: return nil
      case .wouldBlock: try await wait(.readable, until: deadline)
      case .value(let bytes):
        if !reader.isWithinMessage { deadline = ContinuousClock.now.advanced(by: transfer) }
        reader.append(bytes)
        if let message = try reader.next() { return message }
      }
    }
  }

  /// Sends a message, which ends with its zero.
  func send(_ message: [UInt8], within transfer: Duration) async throws {
    let deadline = ContinuousClock.now.advanced(by: transfer)
    var sent = 0
    while sent < message.count {
      switch try socket.send(message.span.extracting(sent...)) {
      case .value(let count): sent += count
      case .wouldBlock: try await wait(.writable, until: deadline)
      case .end: throw ControlStreamError.ended
      }
    }
  }

  /// Sends a message if the kernel takes all of it at once.
  ///
  /// Whoever leaves so much unread that it does not is not waited for.
  func sendAtOnce(_ message: [UInt8]) throws {
    guard case .value(message.count) = try socket.send(message.span) else { throw ControlStreamError.slow }
  }

  /// Returns when the peer is gone.
  func waitUntilHungUp() async throws { try await loop.waitUntilHungUp(socket.descriptor.rawValue) }

  private enum Wish { case readable, writable }

  private func wait(_ wish: Wish, until deadline: ContinuousClock.Instant) async throws {
    try await withThrowingTaskGroup { group in
      defer { group.cancelAll() }
      group.addTask { [self] in
        switch wish {
        case .readable: try await loop.waitUntilReadable(socket.descriptor.rawValue)
        case .writable: try await loop.waitUntilWritable(socket.descriptor.rawValue)
        }
      }
      group.addTask {
        try await Task.sleep(until: deadline, clock: .continuous)
        throw ControlStreamError.slow
      }
      try await group.next()
    }
  }
}

/// Why a connection is given up.
package enum ControlStreamError: Error, Sendable, Equatable {
  /// The peer took longer than it may.
  case slow
  /// The peer is gone.
  case ended
}
