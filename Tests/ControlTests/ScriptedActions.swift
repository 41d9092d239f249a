// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation

/// Actions whose answers are known; a renewal waits for the test.
final class ScriptedActions: ControlActions {
  let begun: AsyncStream<Void>
  private let begin: AsyncStream<Void>.Continuation
  let ended: AsyncStream<Void>
  private let end: AsyncStream<Void>.Continuation
  private let steps: Int
  private let subjects: Int

  /// - Parameters:
  ///   - steps: how many steps a renewal tells; with a negative number it tells nothing and lasts until it is cancelled.
  ///   - subjects: how many a status has.
  init(steps: Int = 2, subjects: Int = 1) {
    self.steps = steps
    self.subjects = subjects
    (begun, begin) = AsyncStream.makeStream()
    (ended, end) = AsyncStream.makeStream()
  }

  func ping() async throws -> ControlInterface.Pong {
    ControlInterface.Pong(version: "1.2.3", now: Date(timeIntervalSince1970: 0))
  }

  func status() async throws -> ControlInterface.StatusReply {
    ControlInterface.StatusReply(
      now: Date(timeIntervalSince1970: 0),
      subjects: (0..<subjects).map { ControlSubject(kind: "endpoint", name: "e\($0)", state: "ok", reason: "fine") })
  }

  func renew(
    _ name: String, now: Bool, tell: @escaping @Sendable (ControlStep) async throws -> Void
  ) async throws -> ControlOutcome {
    guard name != "absent" else { throw Fault.noSuchName(name) }
    begin.yield()
    defer { end.yield() }
    if steps < 0 { try await Task.sleep(for: .seconds(3600)) }
    for number in 0..<max(0, steps) {
      try await tell(
        ControlStep(
          at: Date(timeIntervalSince1970: 0), kind: "keystore", name: name, event: nil, message: "step \(number)"))
    }
    return ControlOutcome(result: now ? .renewed : .unchanged, message: name)
  }

  func verify(_ name: String) async throws -> ControlVerdict { ControlVerdict(verdict: .accepted, reason: name) }

  func listKeys(_ name: String) async throws -> [ControlKey] {
    [ControlKey(guid: "g", name: name, state: "ready", owner: "foreign")]
  }

  func adoptKey(_ name: String, guid: String, force: Bool) async throws -> ControlKey {
    ControlKey(guid: guid, name: name, state: "ready", owner: force ? "forced" : "named")
  }

  func reload() async throws -> ControlInterface.ReloadReply {
    ControlInterface.ReloadReply(inForce: false, mistakes: ["x:1:1: error: y"])
  }
}
