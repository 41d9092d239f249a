// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Names of service keys on the platform: `BASE-yyyymmddHHMMSS`, UTC.
///
/// A name is unique within its service instance, and SAP Cloud Integration allows 32 characters.
package enum KeyName {
  package static let longest = 32
  /// What the hyphen and the stamp leave of it.
  package static let longestBase = longest - 15

  /// - Returns: the name of a key that is made for `time`.
  package static func make(base: String, at time: Date) -> String {
    "\(base.prefix(longestBase))-\(stamp(time))"
  }

  private static func stamp(_ time: Date) -> String {
    let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
    return time.formatted(style).filter(\.isNumber)
  }
}
