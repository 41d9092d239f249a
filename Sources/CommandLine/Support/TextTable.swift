// SPDX-License-Identifier: Apache-2.0

import Journal

/// Rows of text in columns that line up.
struct TextTable {
  private let header: [String]
  private var rows: [[String]] = []

  init(_ header: [String]) { self.header = header }

  /// Adds a row; a cell that is missing is empty, and one with control characters shows them, since a row is one line.
  mutating func add(_ cells: [String]) { rows.append(cells.map { Escaping.escaped($0) }) }

  /// Two spaces between columns, none at the end of a line; the header alone when there are no rows.
  var text: String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        guard column < row.count - 1, column < widths.count else { continue }
        line += String(repeating: " ", count: widths[column] - cell.count + 2)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
