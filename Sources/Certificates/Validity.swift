// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import SwiftASN1

/// The time in which a certificate is valid, both ends included (RFC 5280, section 4.1.2.5).
///
/// UTC, whole seconds.
package struct Validity: Hashable, Sendable {
  package let notBefore: Date
  package let notAfter: Date

  package init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  init(derEncoded node: ASN1Node) throws {
    (notBefore, notAfter) = try DER.sequence(node, identifier: .sequence) { nodes in
      (try Self.time(&nodes), try Self.time(&nodes))
    }
  }

  /// From start to end, in seconds; never negative.
  package var lifetime: Duration { .seconds(max(0, notAfter.timeIntervalSince(notBefore))) }

  package func contains(_ time: Date) -> Bool { notBefore <= time && time <= notAfter }

  /// `Time ::= CHOICE { utcTime UTCTime, generalTime GeneralizedTime }`; two-digit years below 50 are of this century.
  private static func time(_ nodes: inout ASN1NodeCollection.Iterator) throws -> Date {
    guard let node = nodes.next() else { throw CertificateError.malformed("validity lacks a time") }
    var components = DateComponents()
    switch node.identifier {
    case .utcTime:
      let time = try UTCTime(derEncoded: node)
      (components.year, components.month, components.day) = (time.year, time.month, time.day)
      (components.hour, components.minute, components.second) = (time.hours, time.minutes, time.seconds)
    case .generalizedTime:
      let time = try GeneralizedTime(derEncoded: node)
      (components.year, components.month, components.day) = (time.year, time.month, time.day)
      (components.hour, components.minute, components.second) = (time.hours, time.minutes, time.seconds)
    default:
      throw CertificateError.malformed("validity holds something that is no time")
    }
    guard let date = Calendar.utc.date(from: components) else {
      throw CertificateError.malformed("validity holds an impossible time")
    }
    return date
  }
}

extension Calendar {
  /// The calendar of certificates and of every text that certrotd writes: Gregorian, UTC.
  package static let utc: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()
}
