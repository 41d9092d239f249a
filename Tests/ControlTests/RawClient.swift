// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage

/// A client that sends whatever it likes and waits for as long as it takes.
final class RawClient: Sendable {
  private let socket: StreamSocket
  private let loop: ReadinessLoop

  init(_ path: FilePath) throws {
    socket = try LocalSocket.connecting(to: path)
    loop = try ReadinessLoop()
  }

  /// Sends as much as the server takes; false when it has hung up.
  func send(_ bytes: [UInt8]) async throws -> Bool {
    var sent = 0
    while sent < bytes.count {
      do {
        switch try socket.send(bytes.span.extracting(sent...)) {
        case .value(let count): sent += count
        case .wouldBlock: try await loop.waitUntilWritable(socket.descriptor.rawValue)
        case .end: return false
        }
      } catch let error as SystemError where error.errno == .brokenPipe || error.errno == .connectionReset {
        return false
      }
    }
    return true
  }

  @discardableResult
  func send(_ text: String) async throws -> Bool { try await send(Array(text.utf8) + [0]) }

  /// Everything until the next zero byte, as text; nil when the server hangs up.
  func receive() async throws -> String? {
    var bytes: [UInt8] = []
    while true {
      do {
        switch try socket.receive(limit: 1) {
        case .end: return nil
        case .value([0]): return String(decoding: bytes, as: UTF8.self)
        case .value(let more): bytes += more
        case .wouldBlock: try await loop.waitUntilReadable(socket.descriptor.rawValue)
        }
      } catch let error as SystemError where error.errno == .connectionReset {
        return nil
      }
    }
  }

  /// Returns when the server has hung up, and reads nothing meanwhile.
  func waitUntilHungUp() async throws { try await loop.waitUntilHungUp(socket.descriptor.rawValue) }

  /// Sends no more, and goes on listening.
  func finishSending() { _ = shutdown(socket.descriptor.rawValue, Int32(SHUT_WR)) }
}
