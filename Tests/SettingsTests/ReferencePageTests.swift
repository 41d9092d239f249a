// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Settings

/// `Documentation/configuration.md` holds one table for each key group, equal to what the code knows.
///
/// With the environment variable `CERTROTD_UPDATE_DOCUMENTATION` set, the test writes the tables into the page.
struct ReferencePageTests {
  private static let page = ExampleConfigurationTests.repository.appending(path: "Documentation/configuration.md")

  @Test func `the reference page has every key as the code has it`() throws {
    var text = String(decoding: try Data(contentsOf: Self.page), as: UTF8.self)
    let parts = text.components(separatedBy: Self.startMark, Self.endMark)
    try #require(parts.count == 3, "the page has lost its marks")
    if ProcessInfo.processInfo.environment["CERTROTD_UPDATE_DOCUMENTATION"] != nil {
      text = parts[0] + Self.startMark + Self.reference + Self.endMark + parts[2]
      try Data(text.utf8).write(to: Self.page, options: .atomic)
    } else {
      #expect(parts[1] == Self.reference, "set CERTROTD_UPDATE_DOCUMENTATION and run this test to write the tables")
    }
  }

  private static let startMark = "<!-- The tables from here on are written by ReferencePageTests. -->\n"
  private static let endMark = "<!-- The tables end here. -->\n"

  private static var reference: String {
    KeyTable.all.map(section).joined()
  }

  private static func section(_ group: KeyGroup) -> String {
    let title = group.title.contains(" ") ? group.title : "`\(group.title)`"
    var text = "\n### \(title)\n\n\(group.introduction)\n\n| key | type | default | meaning | example |\n"
    text += "|---|---|---|---|---|\n"
    for key in group.keys {
      let cells = ["`\(key.name)`", key.type, key.defaultValue ?? "**required**", key.meaning, "`\(key.example)`"]
      text += "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |\n"
    }
    return group == KeyTable.all.last ? text + "\n" : text
  }
}

extension String {
  /// The text cut at the first place of each of two marks.
  fileprivate func components(separatedBy first: String, _ second: String) -> [String] {
    guard let start = firstRange(of: first), let end = self[start.upperBound...].firstRange(of: second) else {
      return []
    }
    return [self[..<start.lowerBound], self[start.upperBound..<end.lowerBound], self[end.upperBound...]].map(
      String.init)
  }
}
