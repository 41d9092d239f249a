// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into messages, each of which ends with a zero byte (Varlink's protocol, "Messages").
package struct MessageReader: Sendable {
  /// A message is longer than agreed, so that nobody knows where the next begins.
  package struct TooLong: Error, Equatable {
    /// In bytes, without the zero.
    package let limit: Int
  }

  private let limit: Int
  private var buffer: [UInt8] = []
  /// So many bytes of the buffer hold no zero.
  private var searched = 0

  /// - Parameter limit: how many bytes a message may have.
  package init(limit: Int) { self.limit = limit }

  /// Whether the beginning of a message waits for its rest.
  package var isWithinMessage: Bool { !buffer.isEmpty }

  /// Takes bytes as they came.
  package mutating func append(_ bytes: [UInt8]) { buffer += bytes }

  /// The next complete message without its zero; nil until more bytes come.
  package mutating func next() throws(TooLong) -> [UInt8]? {
    guard let end = buffer[searched...].firstIndex(of: 0) else {
      searched = buffer.count
      guard buffer.count <= limit else { throw TooLong(limit: limit) }
      return nil
    }
    guard end <= limit else { throw TooLong(limit: limit) }
    let message = Array(buffer[..<end])
    buffer.removeSubrange(...end)
    searched = 0
    return message
  }
}
