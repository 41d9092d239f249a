// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// Listens where a daemon should, and answers everybody the same bytes, or hangs up before the call.
final class StrangeDaemon: Sendable {
  private let task: Task<Void, any Error>
  private let hangUps: AsyncStream<Void>

  /// Begins to listen at `path`; `answer` is sent after a call was read, nil hangs up at once.
  init(_ path: FilePath, _ answer: [UInt8]?) throws {
    let listening = Listening(try LocalSocket.listening(at: path, mode: .ownerReadWrite))
    let loop = try ReadinessLoop()
    let (hangUps, hangUp) = AsyncStream.makeStream(of: Void.self)
    self.hangUps = hangUps
    task = Task {
      while true {
        try await loop.waitUntilReadable(listening.socket.descriptor.rawValue)
        while let client = try listening.socket.acceptWaiting() {
          if let answer {
            try await loop.waitUntilReadable(client.descriptor.rawValue)
            _ = try client.receive(limit: 4096)
            _ = try client.send(answer.span)
          }
          client.shutDown()
          hangUp.yield()
        }
      }
    }
  }

  func hungUp() async { for await _ in hangUps { return } }

  func end() { task.cancel() }

  private final class Listening: Sendable {
    let socket: StreamSocket
    init(_ socket: consuming StreamSocket) { self.socket = socket }
  }
}
