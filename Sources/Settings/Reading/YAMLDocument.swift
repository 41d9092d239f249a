// SPDX-License-Identifier: Apache-2.0

import Yams

/// Reads one YAML document into nodes that know their places.
///
/// Mistakes that do not stop the reading (duplicate keys, tags, keys that are no words) are collected, so that one run
/// finds all of them.
struct YAMLDocument {
  private(set) var root: YAMLNode?
  private(set) var problems: [YAMLText.Problem] = []

  private var renamedKeys: [TextPosition: String] = [:]
  private var remainingNodes = Self.mostNodes

  init(_ bytes: [UInt8]) {
    do throws(YAMLText.Problem) {
      var text = try YAMLText(bytes)
      guard let node = try compose(&text) else { return }
      root = try convert(node, at: "", depth: 0)
    } catch {
      problems.append(error)
    }
  }

  /// Parses the text, again and again while a mapping has a key twice.
  ///
  /// Yams gives up at the first such mapping and would hide everything behind it. So the earlier of the two keys is
  /// overwritten with as many private-use characters, which moves nothing, and remembered by its place.
  private mutating func compose(_ text: inout YAMLText) throws(YAMLText.Problem) -> Node? {
    for attempt in 0..<Self.mostDuplicates {
      do {
        return try Parser(yaml: text.string, resolver: .basic, encoding: .utf8).singleRoot()
      } catch let error as YamlError {
        guard case .duplicatedKeysInMapping(let keys, let context) = error else { throw Self.problem(error, in: text) }
        let position = TextPosition(line: context.mark.line, column: context.mark.column)
        guard let key = keys.first, hide(key, at: position, in: &text, attempt: attempt) else {
          let names = keys.map { "'\(Secrets.redacted($0))'" }.joined(separator: ", ")
          throw YAMLText.Problem(position: position, message: "duplicate key \(names)")
        }
      } catch {
        throw YAMLText.Problem(position: .start, message: "cannot be parsed: \(error)")
      }
    }
    throw YAMLText.Problem(position: .start, message: "more than \(Self.mostDuplicates) duplicate keys")
  }

  private mutating func hide(
    _ key: String, at position: TextPosition, in text: inout YAMLText, attempt: Int
  ) -> Bool {
    guard let mask = Unicode.Scalar(0xE000 + UInt32(attempt)), var start = text.index(of: position) else {
      return false
    }
    if text.scalars[start] == "\"" || text.scalars[start] == "'" { start += 1 }
    let end = start + key.unicodeScalars.count
    guard end <= text.scalars.count, text.scalars[start..<end].elementsEqual(key.unicodeScalars), end > start else {
      return false
    }
    text.replace(start..<end, with: mask)
    renamedKeys[position] = key
    return true
  }

  // `path` is the keys that lead to the node, as messages name it.
  private mutating func convert(_ node: Node, at path: String, depth: Int) throws(YAMLText.Problem) -> YAMLNode {
    let position = node.mark.map { TextPosition(line: $0.line, column: $0.column) } ?? .start
    remainingNodes -= 1
    guard remainingNodes > 0, depth < Self.deepest else {
      throw YAMLText.Problem(position: position, message: "too many values (do aliases multiply?)")
    }
    switch node {
    case .scalar(let scalar):
      checkTag(scalar.tag, position)
      let isNull = scalar.style == .plain && Self.nulls.contains(scalar.string)
      if scalar.string.unicodeScalars.contains("\0") {
        problems.append(.init(position: position, message: "a value must not contain the character U+0000"))
      }
      return YAMLNode(
        position: position, content: isNull ? .null : .scalar(scalar.string), isPlain: scalar.style == .plain)
    case .sequence(let sequence):
      checkTag(sequence.tag, position)
      var nodes: [YAMLNode] = []
      for (index, element) in sequence.enumerated() {
        nodes.append(try convert(element, at: "\(path)[\(index)]", depth: depth + 1))
      }
      return YAMLNode(position: position, content: .sequence(nodes))
    case .mapping(let mapping):
      checkTag(mapping.tag, position)
      let (entries, repeated) = try entries(of: mapping, at: path, depth: depth)
      return YAMLNode(position: position, content: .mapping(entries), repeated: repeated)
    case .alias:
      return YAMLNode(position: position, content: .null)
    }
  }

  private mutating func entries(
    of mapping: Node.Mapping, at path: String, depth: Int
  ) throws(YAMLText.Problem) -> (entries: [YAMLNode.Entry], repeated: [YAMLNode.Entry]) {
    var entries: [YAMLNode.Entry] = []
    var repeated: [YAMLNode.Entry] = []
    var places: [String: TextPosition] = [:]
    for (keyNode, valueNode) in mapping {
      let position = keyNode.mark.map { TextPosition(line: $0.line, column: $0.column) } ?? .start
      let name = keyNode.scalar.map { renamedKeys[position] ?? $0.string }.map { Secrets.redacted($0) } ?? ""
      let place = path.isEmpty ? name : "\(path).\(name)"
      let value = try convert(valueNode, at: place, depth: depth + 1)
      guard case .scalar(let scalar) = keyNode else {
        problems.append(.init(position: position, message: "a key must be a single word"))
        continue
      }
      guard scalar.string != "<<" else {
        problems.append(
          .init(
            position: position,
            message:
              "the merge key '<<' is not supported: write the keys out, or put what entries share into 'defaults'"))
        continue
      }
      let key = renamedKeys[position] ?? scalar.string
      if let first = places[key] {
        let message = "duplicate key '\(name)'; the first one is in line \(first.line)"
        problems.append(.init(position: position, key: place, message: message))
        repeated.append(YAMLNode.Entry(key: key, position: position, value: value))
        continue
      }
      places[key] = position
      entries.append(YAMLNode.Entry(key: key, position: position, value: value))
    }
    return (entries, repeated)
  }

  private mutating func checkTag(_ tag: Tag, _ position: TextPosition) {
    let name = tag.description
    guard !Self.plainTags.contains(name) else { return }
    problems.append(.init(position: position, message: "YAML tags such as \(name) are not supported"))
  }

  private static func problem(_ error: YamlError, in text: YAMLText) -> YAMLText.Problem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      if let tab = text.indentingTab(inLine: mark.line) {
        return .init(position: tab, message: "here is a tab, and YAML indents with spaces only")
      }
      if case .composer = error, context?.text.contains("single document") == true {
        return .init(
          position: TextPosition(line: mark.line, column: mark.column),
          message: "a second YAML document begins here, and a file holds one: remove the line '---'")
      }
      let detail = context.map { " \($0.text) that begins in line \($0.mark.line)" } ?? ""
      return .init(
        position: TextPosition(line: mark.line, column: mark.column), message: "YAML syntax: \(problem)\(detail)")
    case .reader(let problem, _, _, _):
      return .init(position: .start, message: "YAML syntax: \(problem)")
    default:
      return .init(position: .start, message: "YAML syntax: \(error)")
    }
  }

  private static let nulls: Set = ["", "~", "null", "Null", "NULL"]
  /// No tag, `!`, and the tags that say what is so anyway.
  private static let plainTags: Set = [
    "", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
  ]
  private static let mostNodes = 300_000
  private static let deepest = 200
  private static let mostDuplicates = 100
}
