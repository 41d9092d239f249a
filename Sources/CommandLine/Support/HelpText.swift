// SPDX-License-Identifier: Apache-2.0

/// Text of `--help` that the argument parser breaks at the width of the terminal.
enum HelpText {
  /// Joins the lines of each paragraph of `text`, which would otherwise be broken a second time behind where the source
  /// breaks them; indented lines, such as examples and tables, stay as they are.
  static func flowing(_ text: String) -> String {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let last = lines.last, isProse(last), isProse(String(line)), !last.hasSuffix("EXAMPLES:") {
        lines[lines.count - 1] = "\(last) \(line)"
      } else {
        lines.append(String(line))
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func isProse(_ line: String) -> Bool { !line.isEmpty && line.first != " " }
}
