// SPDX-License-Identifier: Apache-2.0

/// The text of a YAML file, checked for what must not reach the parser.
///
/// The parser recurses once for each level of nesting and hashes keys whole, and a reader of its errors has no line for
/// a character that YAML forbids. So bytes, characters and nesting are judged here first.
struct YAMLText {
  /// One element for each Unicode scalar.
  private(set) var scalars: [Unicode.Scalar]

  struct Problem: Error {
    var position: TextPosition
    /// The keys that lead to it, where it is known that well.
    var key: String?
    var message: String
  }

  init(_ bytes: [UInt8]) throws(Problem) {
    do {
      let text = try UTF8Span(validating: bytes.span)
      scalars = Array(String(copying: text).unicodeScalars)
    } catch {
      let line = bytes[..<error.byteOffsets.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
      throw Problem(
        position: TextPosition(line: line, column: 1), message: "this line is not valid UTF-8: save the file as UTF-8")
    }
    try checkCharacters()
    try checkNesting()
    try checkKeys()
  }

  var string: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  /// The index in `scalars` of a place that the parser named.
  func index(of position: TextPosition) -> Int? {
    var here = TextPosition.start
    for index in scalars.indices {
      if here == position { return index }
      advance(&here, over: index)
    }
    return nil
  }

  /// The first tab before the first word of a line; nil when there is none.
  func indentingTab(inLine line: Int) -> TextPosition? {
    var here = TextPosition.start
    var isIndentation = true
    for index in scalars.indices where here.line <= line {
      let position = here
      advance(&here, over: index)
      if here.line != position.line {
        isIndentation = true
      } else if position.line == line, isIndentation {
        if scalars[index] == "\t" { return position }
        isIndentation = scalars[index] == " "
      }
    }
    return nil
  }

  mutating func replace(_ range: Range<Int>, with scalar: Unicode.Scalar) {
    for index in range { scalars[index] = scalar }
  }

  private func checkCharacters() throws(Problem) {
    var here = TextPosition.start
    for index in scalars.indices {
      guard Self.isPrintable(scalars[index]) || (index == 0 && scalars[index] == "\u{FEFF}") else {
        let code = String(scalars[index].value, radix: 16, uppercase: true)
        throw Problem(position: here, message: "the character U+\(code) is not allowed in YAML")
      }
      advance(&here, over: index)
    }
  }

  /// Bounds the nesting from above without parsing: each block level takes a column before the first word of a line,
  /// each flow level a bracket.
  private func checkNesting() throws(Problem) {
    var here = TextPosition.start
    var indentation = 0
    var isIndentation = true
    var openBrackets = 0
    for index in scalars.indices {
      switch scalars[index] {
      case " ", "-", "?", ":": indentation += isIndentation ? 1 : 0
      case "[", "{":
        openBrackets += 1
        isIndentation = false
      case "]", "}": openBrackets = max(0, openBrackets - 1)
      default: isIndentation = false
      }
      guard indentation <= Self.deepestIndentation, openBrackets <= Self.deepestBrackets else {
        throw Problem(position: here, message: "nested too deeply")
      }
      let line = here.line
      advance(&here, over: index)
      if here.line != line { (indentation, isIndentation) = (0, true) }
    }
  }

  /// Refuses keys that are lists, mappings or aliases in a text with more than a few aliases.
  ///
  /// Yams hashes keys, and one that aliases have multiplied would keep it busy without end. Elsewhere an alias costs
  /// nothing before the nodes are counted.
  private func checkKeys() throws(Problem) {
    guard scalars.indices.count(where: isAlias) > Self.fewAliases else { return }
    var here = TextPosition.start
    for index in scalars.indices {
      if isAlias(index) || scalars[index] == "]" || scalars[index] == "}" || scalars[index] == "?",
        isKeyEnd(after: index)
      {
        throw Problem(position: here, message: "a key must be a single word")
      }
      advance(&here, over: index)
    }
  }

  private func isAlias(_ index: Int) -> Bool {
    guard scalars[index] == "*", index + 1 < scalars.count, scalars[index + 1].properties.isAlphabetic else {
      return false
    }
    return index == 0 || " \t\n\r[{,".unicodeScalars.contains(scalars[index - 1])
  }

  /// Whether a colon follows the word or bracket, or a space the question mark.
  private func isKeyEnd(after index: Int) -> Bool {
    var next = index + 1
    if scalars[index] == "?" {
      return next < scalars.count && scalars[next].properties.isWhitespace
        && (index == 0 || " \t\n\r[{,-".unicodeScalars.contains(scalars[index - 1]))
    }
    if scalars[index] == "*" {
      while next < scalars.count,
        scalars[next].properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalars[next])
      {
        next += 1
      }
    }
    while next < scalars.count, scalars[next].properties.isWhitespace { next += 1 }
    guard next < scalars.count, scalars[next] == ":" else { return false }
    return next + 1 == scalars.count || scalars[next + 1].properties.isWhitespace
  }

  /// Counts lines as libyaml does (YAML 1.1, section 5.4).
  private func advance(_ position: inout TextPosition, over index: Int) {
    switch scalars[index] {
    case "\r" where index + 1 < scalars.count && scalars[index + 1] == "\n": break
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": position = TextPosition(line: position.line + 1, column: 1)
    case "\u{FEFF}" where index == 0: break
    default: position.column += 1
    }
  }

  /// YAML 1.1, section 5.1.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private static let deepestIndentation = 128
  private static let deepestBrackets = 32
  private static let fewAliases = 8
}
