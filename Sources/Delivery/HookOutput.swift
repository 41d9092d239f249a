// SPDX-License-Identifier: Apache-2.0

/// Cuts what a hook prints into lines that are fit for a journal: short, few, and without control characters.
struct HookOutput {
  private var line: [UInt8] = []
  private var isCut = false
  private var count = 0

  /// Takes further bytes and returns the lines that are complete with them.
  mutating func take(_ bytes: Span<UInt8>) -> [String] {
    var lines: [String] = []
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        if let text = endLine() { lines.append(text) }
      } else if line.count < Self.lengthAtMost {
        line.append(byte)
      } else {
        isCut = true
      }
    }
    return lines
  }

  /// Returns the last line, when it had no line break.
  mutating func finish() -> String? {
    line.isEmpty ? nil : endLine()
  }

  private mutating func endLine() -> String? {
    defer {
      line.removeAll(keepingCapacity: true)
      isCut = false
    }
    count += 1
    if count > Self.linesAtMost {
      return count == Self.linesAtMost + 1 ? "… (only the first \(Self.linesAtMost) lines are kept)" : nil
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return Self.escaped(String(decoding: line, as: UTF8.self)) + (isCut ? "…" : "")
  }

  /// Control characters could hide or forge lines on a terminal that shows the journal.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case _ where scalar == "\t": result += "\t"
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// In bytes.
  static var lengthAtMost: Int { 1024 }
  static var linesAtMost: Int { 200 }
}
