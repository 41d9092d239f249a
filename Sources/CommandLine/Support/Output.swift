// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal

/// The one place that writes to standard output and standard error.
///
/// Names and reasons come from strangers: none reaches the terminal with its control characters.
enum Output {
  /// Something that can be shown to a person and to a program.
  protocol Displayable: Encodable {
    /// For a person; lines without a final line break.
    var text: String { get }
  }

  /// Prints `value` in the form that was asked for.
  static func show(_ value: some Displayable, as format: FormatOption) throws {
    print(try text(of: value, json: format.json))
  }

  /// What ``show(_:as:)`` prints.
  static func text(of value: some Displayable, json: Bool) throws -> String {
    json ? Escaping.escapedJSON(try encoded(value)) : Escaping.escaped(value.text, keepingLineBreaks: true)
  }

  /// A JSON object for programs; what cannot be encoded, which no report is, becomes an empty one.
  static func object(_ value: some Encodable) -> String {
    do {
      return Escaping.escapedJSON(try encoded(value))
    } catch {
      return "{}"
    }
  }

  /// "1 endpoint", "2 endpoints".
  static func count(_ number: Int, _ thing: String, _ things: String? = nil) -> String {
    "\(number) \(number == 1 ? thing : things ?? thing + "s")"
  }

  /// A line for a person.
  static func line(_ text: String) { print(Escaping.escaped(text, keepingLineBreaks: true)) }

  /// A line about what went wrong.
  static func complain(_ text: String) {
    FileHandle.standardError.write(Data((Escaping.escaped(text, keepingLineBreaks: true) + "\n").utf8))
  }

  private static func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
