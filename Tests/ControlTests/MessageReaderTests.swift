// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

/// Bytes as they come, cut into messages.
struct MessageReaderTests {
  private func read(_ parts: [[UInt8]], limit: Int = 8) throws -> [[UInt8]] {
    var reader = MessageReader(limit: limit)
    var messages: [[UInt8]] = []
    for part in parts {
      reader.append(part)
      while let message = try reader.next() { messages.append(message) }
    }
    return messages
  }

  @Test(
    arguments: [
      ([[]], []), ([[1, 2]], []), ([[1, 0]], [[1]]), ([[1], [2], [0]], [[1, 2]]), ([[0, 0]], [[], []]),
      ([[1, 0, 2, 0, 3]], [[1], [2]]), ([[1, 0, 2], [0]], [[1], [2]]),
      ([[1, 2, 3, 4, 5, 6, 7, 8, 0]], [[1, 2, 3, 4, 5, 6, 7, 8]]),
    ] as [([[UInt8]], [[UInt8]])])
  func `messages end with a zero byte, however they are cut`(parts: [[UInt8]], messages: [[UInt8]]) throws {
    #expect(try read(parts) == messages)
  }

  @Test(arguments: [
    [[UInt8](repeating: 1, count: 9)], [[UInt8](repeating: 1, count: 9) + [0]],
    [[1, 0], [UInt8](repeating: 1, count: 9)],
    Array(repeating: [1], count: 9),
  ])
  func `a message that is too long is refused before its end`(parts: [[UInt8]]) {
    #expect(throws: MessageReader.TooLong.self) { try read(parts) }
  }

  @Test func `it knows when the beginning of a message waits`() throws {
    var reader = MessageReader(limit: 8)
    #expect(!reader.isWithinMessage)
    reader.append([1])
    #expect(try reader.next() == nil)
    #expect(reader.isWithinMessage)
    reader.append([0])
    #expect(try reader.next() == [1])
    #expect(!reader.isWithinMessage)
  }
}
