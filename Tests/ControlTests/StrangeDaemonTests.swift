// SPDX-License-Identifier: Apache-2.0

import Control
import Host
import SystemPackage
import TestSupport
import Testing

/// The client with something else behind the socket than it expects.
@Suite(.timeLimit(.minutes(10))) struct StrangeDaemonTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: FilePath { folder.file("control") }

  /// Has `bytes` answered to whoever connects, after the call was read, and calls both kinds of methods.
  private func failures(answering bytes: [UInt8], replyLimit: Int = 1 << 20) async throws -> [ControlClientError?] {
    let daemon = try StrangeDaemon(path, bytes)
    defer { daemon.end() }
    var failures: [ControlClientError?] = []
    for isRenewal in [false, true] {
      let client = try ControlClient(path: path, replyLimit: replyLimit)
      failures.append(
        await #expect(throws: ControlClientError.self) {
          if isRenewal {
            _ = try await client.renew("k", now: true) { _ in }
          } else {
            _ = try await client.call(.ping, giving: ControlInterface.Pong.self)
          }
        })
    }
    return failures
  }

  @Test(arguments: [
    ("", ControlClientError.noAnswer), ("half of a repl", .noAnswer), ("nonsense\0", .unreadable), ("\0", .unreadable),
    ("{}\0", .unreadable), ("[]\0", .unreadable), (#"{"parameters":{"version":7,"outcome":7}}"# + "\0", .unreadable),
    (#"{"error":"org.certrotd.control.Refused","parameters":7}"# + "\0", .unreadable),
    (#"{"error":"a.b.C","parameters":{}}"# + "\0", .unknownFault("a.b.C")),
    (String(repeating: " ", count: 2000) + "\0", .tooLong(limit: 1000)),
  ])
  func `what is no answer is said to be none`(answer: String, expected: ControlClientError) async throws {
    #expect(try await failures(answering: Array(answer.utf8), replyLimit: 1000) == [expected, expected])
  }

  @Test func `a daemon that hangs up before the call gave no answer`() async throws {
    let daemon = try StrangeDaemon(path, nil)
    defer { daemon.end() }
    let client = try ControlClient(path: path)
    await daemon.hungUp()
    await #expect(throws: ControlClientError.noAnswer) {
      try await client.call(.ping, giving: ControlInterface.Pong.self)
    }
  }
}
