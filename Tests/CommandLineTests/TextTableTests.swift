// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import CommandLine

struct TextTableTests {
  @Test func `columns line up and lines have no trailing blanks`() {
    var table = TextTable(["NAME", "STATE", "WHY"])
    table.add(["a", "ok", ""])
    table.add(["a-longer-name", "failing", "it is down"])
    #expect(
      table.text == """
        NAME           STATE    WHY
        a              ok
        a-longer-name  failing  it is down
        """)
  }

  @Test func `a table without rows is its header, and short rows are filled`() {
    #expect(TextTable(["A", "B"]).text == "A  B")
    var table = TextTable(["A", "B"])
    table.add(["x"])
    #expect(table.text == "A  B\nx")
  }

  private struct Answer: Output.Displayable {
    let name: String
    var text: String { "first\n" + name }
  }

  @Test func `control characters of strangers do not reach the terminal`() throws {
    let odd = "CN=a\u{1B}[2J\u{9B}31m\u{61C}\u{202E}b\r\nc"
    var table = TextTable(["NAME"])
    table.add([odd])
    #expect(table.text == "NAME\nCN=a\\u{1B}[2J\\u{9B}31m\\u{61C}\\u{202E}b\\r\\nc")
    let shown = try Output.text(of: Answer(name: odd), json: false)
    #expect(shown == "first\nCN=a\\u{1B}[2J\\u{9B}31m\\u{61C}\\u{202E}b\\r\nc")
    let json = try Output.text(of: Answer(name: odd), json: true)
    #expect(json.unicodeScalars.allSatisfy { $0 == "\n" || (0x20..<0x7F).contains($0.value) })
    #expect(try JSONDecoder().decode([String: String].self, from: Data(json.utf8)) == ["name": odd])
  }
}
