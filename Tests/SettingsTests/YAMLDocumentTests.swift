// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct YAMLDocumentTests {
  private func problems(_ text: String) -> [String] {
    YAMLDocument(Array(text.utf8)).problems.map { "\($0.position.line):\($0.position.column): \($0.message)" }
  }

  @Test func `duplicate keys are all found, and hide nothing`() {
    #expect(
      problems("a: 1\nb: {c: 1, c: 2, c: 3}\n'a': 2\ndé: 1\n\"dé\": 2\ne: !x 1\n") == [
        "2:11: duplicate key 'c'; the first one is in line 2", "2:17: duplicate key 'c'; the first one is in line 2",
        "3:1: duplicate key 'a'; the first one is in line 1", "5:1: duplicate key 'dé'; the first one is in line 4",
        "6:4: YAML tags such as !x are not supported",
      ])
    #expect(problems("\"a\\x62\": 1\nab: 2\n").count == 1)
  }

  @Test func `the first of two keys counts`() {
    let document = YAMLDocument(Array("a: 1\na: 2\n".utf8))
    guard case .mapping(let entries)? = document.root?.content else {
      Issue.record("no mapping")
      return
    }
    #expect(entries.map(\.key) == ["a"] && entries.map(\.position) == [TextPosition(line: 1, column: 1)])
    guard case .scalar("1")? = entries.first?.value.content else {
      Issue.record("not the first value")
      return
    }
  }

  @Test(arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}"])
  func `places are right whatever ends a line`(lineBreak: String) {
    #expect(
      problems(["é: 1", "x:", "  k: 1", "  k: 2"].joined(separator: lineBreak)).first?.hasPrefix("4:3: ") == true)
  }

  @Test(arguments: [
    ("a: [1, 2", "YAML syntax"), ("a: b: c", "1:5: YAML syntax"), ("\tx", "1:1: here is a tab"),
    ("a: *b", "undefined alias"),
    ("%YAML 2.0\n---\na", "YAML syntax"), ("? [a]\n: b", "a key must be a single word"),
    ("<<: {a: b}", "the merge key '<<'"),
    ("a: &a {b: 1}\nc: {<<: *a}", "2:5: the merge key '<<'"), ("a:\n  b: 1\n\tc: 2", "3:1: here is a tab"),
    ("a:\n \tb: 1\n \tc: 2", "2:2: here is a tab"),
    ("a: \u{7}", "1:4: the character U+7 is not allowed"), ("a: \"\\0\"", "U+0000"), ("a: \"\\ud800\"", "YAML syntax"),
    ("a\n\u{FEFF}b: 1", "U+FEFF"), ("a: !!binary aGVsbG8=", "tags"), ("a: !!map {}", "none"), ("\u{FEFF}a: 1", "none"),
  ])
  func `problems are named`(text: String, message: String) {
    let found = problems(text)
    #expect(message == "none" ? found.isEmpty : found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test func `deep nesting is refused before it is parsed`() {
    for text in [
      String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
      String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
      (0..<1300).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    ] {
      let found = problems(text)
      #expect(found.count == 1 && found[0].contains("nested too deeply"), "\(found)")
    }
  }

  @Test func `aliases that multiply are refused`() {
    let levels = (1...30).map { level in
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
      return "a\(level): &a\(level) [\(aliases)]\n"
    }
    let text = "a0: &a0 x\n" + levels.joined()
    #expect(problems(text).first?.contains("do aliases multiply?") == true)
    #expect(problems(text + "? *a30\n: x\n").first?.contains("a key must be a single word") == true)
    #expect(problems(text + "*a30 : x\n").first?.contains("a key must be a single word") == true)
    #expect(problems(text + "[*a30]: x\n").first?.contains("a key must be a single word") == true)
    #expect(problems(text + "{*a30}: x\n").first?.contains("a key must be a single word") == true)
  }
}
