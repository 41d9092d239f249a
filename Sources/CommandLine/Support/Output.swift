// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The one place that writes to standard output and standard error.
enum Output {
  /// Something that can be shown to a person and to a program.
  protocol Displayable: Encodable {
    /// For a person; lines without a final line break.
    var text: String { get }
  }

  /// Prints `value` in the form that was asked for.
  static func show(_ value: some Displayable, as format: FormatOption) throws {
    print(format.json ? try json(value) : value.text)
  }

  /// A line for a person.
  static func line(_ text: String) { print(text) }

  /// A line about what went wrong.
  static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
