// SPDX-License-Identifier: Apache-2.0

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
}
