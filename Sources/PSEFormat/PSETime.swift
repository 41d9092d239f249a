// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import SwiftASN1

/// The times in a PSE: `GeneralizedTime` as `YYYYMMDDHHMMSSZ`, UTC, whole seconds (X.690, section 11.7).
struct PSETime: Hashable, Sendable {
  let date: Date

  /// Cuts fractions of a second, which the format cannot hold.
  init(_ date: Date) {
    self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
  }

  /// Whether the format can express the time: its years have four digits.
  var isExpressible: Bool { (try? generalizedTime) != nil }

  private var generalizedTime: GeneralizedTime {
    get throws {
      let parts = Calendar.utc.dateComponents([.era, .year, .month, .day, .hour, .minute, .second], from: date)
      guard parts.era == 1, let year = parts.year, let month = parts.month, let day = parts.day,
        let hour = parts.hour, let minute = parts.minute, let second = parts.second
      else { throw PSEError.unbuildable(part: "time", reason: "\(date) has no date in the Gregorian calendar") }
      return try GeneralizedTime(
        year: year, month: month, day: day, hours: hour, minutes: minute, seconds: second, fractionalSeconds: 0)
    }
  }
}

extension PSETime: DERImplicitlyTaggable {
  static var defaultIdentifier: ASN1Identifier { .generalizedTime }

  init(derEncoded node: ASN1Node, withIdentifier identifier: ASN1Identifier) throws {
    let time = try GeneralizedTime(derEncoded: node, withIdentifier: identifier)
    let components = DateComponents(
      year: time.year, month: time.month, day: time.day, hour: time.hours, minute: time.minutes, second: time.seconds)
    // Year 0 and seconds above 59 pass the library, but no Date gives them back.
    guard time.year > 0, time.seconds < 60, time.rawFractionalSeconds.isEmpty,
      let date = Calendar.utc.date(from: components)
    else { throw PSEError.malformed(place: "time", reason: "it is not of the form YYYYMMDDHHMMSSZ") }
    self.date = date
  }

  func serialize(into coder: inout DER.Serializer, withIdentifier identifier: ASN1Identifier) throws {
    try generalizedTime.serialize(into: &coder, withIdentifier: identifier)
  }
}
