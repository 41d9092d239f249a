// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A time zone of the IANA database, in which the hours of a change window are read.
///
/// Its rules are those that Foundation brings along. They cost some five megabytes of mapped files, and only when a zone
/// other than UTC is looked up for the first time.
package struct WindowZone: Sendable, Hashable {
  package let name: String
  /// Nil for UTC.
  private let zone: TimeZone?

  package static let utc = WindowZone(name: "UTC", zone: nil)

  private init(name: String, zone: TimeZone?) {
    self.name = name
    self.zone = zone
  }

  /// Nil for a name that the database does not have; an abbreviation such as `CET` says too little to be one.
  ///
  /// - Parameter name: as the database spells it, such as `Europe/Berlin`, or `UTC`.
  package init?(_ name: String) {
    guard name != Self.utc.name else {
      self = .utc
      return
    }
    guard name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    self.init(name: name, zone: zone)
  }

  /// Seconds by which its clocks are ahead of UTC at `instant`, which counts seconds since 1970 began in UTC.
  package func offset(at instant: Int64) -> Int64 {
    guard let zone else { return 0 }
    return Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))))
  }

  /// The known name that a misspelt one was probably meant to be.
  static func nearest(to name: String) -> String? {
    KeyGroup.nearest(to: name, among: [utc.name] + TimeZone.knownTimeZoneIdentifiers)
  }
}
