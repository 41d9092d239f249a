// SPDX-License-Identifier: Apache-2.0

/// A report with what a program should know of the configuration that it goes by; a person is told on standard error.
struct NotedReport<Report: Output.Displayable>: Output.Displayable {
  let report: Report
  /// How many mistakes the configuration on disk has; 0 when it is the one that the report goes by.
  let mistakes: Int

  var text: String { report.text }

  private enum CodingKeys: String, CodingKey {
    case mistakes = "configuration-mistakes"
  }

  func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mistakes, forKey: .mistakes)
  }
}
