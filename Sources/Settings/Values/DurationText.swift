// SPDX-License-Identifier: Apache-2.0

/// Durations as configuration files write them: an integer and a unit (`s`, `m`, `h`, `d`, `w`), or a sum of such
/// parts from the largest unit to the smallest: `90m`, `1d12h`.
package enum DurationText {
  /// Longest duration that is accepted: a hundred years of 365 days.
  package static let longest = Duration.seconds(100 * 365 * 86_400)

  /// - Returns: nil when the text is no duration, is longer than `longest`, or names a unit twice or out of order.
  package static func parse(_ text: String) -> Duration? {
    var remaining = units[...]
    var total: Int64 = 0
    var digits: Int64?
    for character in text {
      if let digit = character.wholeNumberValue, character.isASCII {
        let (next, overflow) = (digits ?? 0).multipliedReportingOverflow(by: 10)
        guard !overflow, next < largestNumber else { return nil }
        digits = next + Int64(digit)
        continue
      }
      guard let number = digits, let index = remaining.firstIndex(where: { $0.letter == character }) else {
        return nil
      }
      total += number * remaining[index].seconds
      remaining = remaining[remaining.index(after: index)...]
      digits = nil
    }
    let duration = Duration.seconds(total)
    guard digits == nil, !text.isEmpty, duration <= longest else { return nil }
    return duration
  }

  /// The shortest text that `parse` reads back as this many whole seconds; days are the largest unit.
  package static func describe(_ duration: Duration) -> String {
    var rest = duration.components.seconds
    guard rest > 0 else { return "0s" }
    var text = ""
    for unit in units.dropFirst() where rest >= unit.seconds {
      text += "\(rest / unit.seconds)\(unit.letter)"
      rest %= unit.seconds
    }
    return text
  }

  // Keeps number * seconds-per-week, summed over five units, far away from an overflow.
  private static let largestNumber: Int64 = 1_000_000_000_000

  private static let units: [(letter: Character, seconds: Int64)] = [
    ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
  ]
}
