// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Rotation

struct TurnTests {
  @Test func `nobody is let in while somebody is inside, and all come in order`() async throws {
    let turn = Turn()
    let (doors, open) = AsyncStream.makeStream(of: Void.self)
    let (steps, step) = AsyncStream.makeStream(of: String.self)
    let first = Task {
      await turn.take {
        step.yield("first in")
        for await _ in doors { break }
        step.yield("first out")
      }
    }
    var heard = steps.makeAsyncIterator()
    #expect(await heard.next() == "first in")
    let second = Task { await turn.take { _ = step.yield("second") } }
    // However late the second comes, what the first says before it leaves is said first.
    for _ in 0..<100 { await Task.yield() }
    open.yield()
    #expect(await heard.next() == "first out")
    #expect(await heard.next() == "second")
    await first.value
    await second.value
  }

  @Test func `who fails inside lets the next one in`() async throws {
    struct Failure: Error {}
    let turn = Turn()
    await #expect(throws: Failure.self) { try await turn.take { throw Failure() } }
    #expect(await turn.take { 7 } == 7)
  }
}
