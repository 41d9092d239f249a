// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Times as an operator reads them.
package enum TimeText {
  /// The two largest units of a span: "45 s", "6 h 2 min", "29 d 23 h"; the sign is dropped.
  package static func span(_ seconds: TimeInterval) -> String {
    // Wide enough for any two dates, and narrow enough for an integer.
    let total = Int64(min(abs(seconds), 1e15))
    let parts: [(Int64, String)] = [
      (total / 86_400, "d"), (total % 86_400 / 3600, "h"), (total % 3600 / 60, "min"), (total % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? parts.endIndex - 1
    return parts[first..<min(first + 2, parts.endIndex)]
      .filter { $0.0 > 0 || parts[first].0 == 0 }
      .map { "\($0.0) \($0.1)" }
      .joined(separator: " ")
  }

  /// "2026-11-22 02:19:00Z".
  package static func instant(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt))
  }
}
