// SPDX-License-Identifier: Apache-2.0

/// A place in a text: line and column, both counted from 1, columns in Unicode scalars.
struct TextPosition: Hashable, Comparable {
  var line: Int
  var column: Int

  static let start = TextPosition(line: 1, column: 1)

  static func < (left: TextPosition, right: TextPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// A value of a YAML document with its place; made by `YAMLDocument`.
struct YAMLNode {
  var position: TextPosition
  var content: Content
  /// Whether it is a single value without quotes, so that `30` may be a number.
  var isPlain = false
  /// Of a mapping, the entries whose keys stand in it already, which is a mistake that has been reported.
  var repeated: [Entry] = []

  indirect enum Content {
    /// Nothing written, `~` or `null`.
    case null
    case scalar(String)
    case sequence([YAMLNode])
    /// Each key once, in the order of the text.
    case mapping([Entry])
  }

  struct Entry {
    var key: String
    var position: TextPosition
    var value: YAMLNode
  }

  /// What this is, for messages.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
