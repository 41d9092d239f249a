// SPDX-License-Identifier: Apache-2.0

import CCurl
package import FoundationEssentials

/// The value of a `Retry-After` header field (RFC 9110, section 10.2.3).
package enum RetryAfter: Sendable, Hashable {
  /// In whole seconds.
  case delay(Duration)
  case date(Date)

  /// Reads `120`, or a date in any of the three forms of RFC 9110, section 5.6.7; `nil` for anything else.
  package init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      // More digits than fit are still a wish for a long wait.
      self = .delay(.seconds(min(Int64(text) ?? .max, Self.longestDelay)))
      return
    }
    // curl reads many more forms; every one that HTTP has begins with the name of a day.
    guard text.first?.isLetter == true, text.contains(":") else { return nil }
    let seconds = unsafe curl_getdate(text, nil)
    guard seconds >= 0 else { return nil }
    self = .date(Date(timeIntervalSince1970: TimeInterval(seconds)))
  }

  /// How long to wait from `now` on: never less than nothing, never more than `longest`.
  package func wait(from now: Date, atMost longest: Duration) -> Duration {
    let wanted: Duration
    switch self {
    case .delay(let delay): wanted = delay
    case .date(let date):
      let seconds = date.timeIntervalSince(now)
      wanted = .seconds(min(max(seconds, 0), Double(Self.longestDelay)))
    }
    return min(max(wanted, .zero), longest)
  }

  /// Seconds; a hundred years, far below where a `Duration` overflows.
  private static let longestDelay: Int64 = 3_155_760_000
}
