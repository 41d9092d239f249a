// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// Which marks of an `alert-before` apply to a certificate.
package enum AlertMarks {
  /// The marks of an `alert-before` that apply to one certificate.
  ///
  /// A mark as wide as the whole lifetime would be crossed from the first day on, and so would one of 30 days of a
  /// certificate for 30 days whose validity begins an hour early, as usual. Of a server's own certificate, marks of
  /// a third of the lifetime or more do not apply either: whoever renews by machine does so when a third is left
  /// (90-day certificates after 60 days), so that such an alert would come for every certificate of every healthy server.
  /// What lives too short for every mark is told of when a tenth of its life is left.
  ///
  /// - Parameters:
  ///   - alertBefore: the configured marks, in any order.
  ///   - role: what the certificate is to its subject.
  ///   - lifetime: from the start to the end of its validity, in seconds.
  /// - Returns: whole seconds, nearest first.
  package static func applying(_ alertBefore: [Duration], to role: AlertMark.Role, lifetime: Double) -> [Int64] {
    let limit = role == .leaf ? lifetime / 3 : lifetime * 0.9
    var marks: [Int64] = []
    // A handful, for each certificate of each plan: looking through them is faster than a set.
    for seconds in alertBefore.lazy.map(\.components.seconds)
    where seconds > 0 && Double(seconds) < limit && !marks.contains(seconds) {
      marks.append(seconds)
    }
    if marks.isEmpty, !alertBefore.isEmpty { return lifetime >= 10 ? [Int64(lifetime / 10)] : [] }
    return marks.sorted()
  }

  /// The marks of an `alert-before` for an identity of a service key.
  ///
  /// Of a key that renews itself on the platform, the end is no news before its renewal is due.
  static func of(_ serviceKey: ServiceKeySettings, _ alertBefore: [Duration], _ identity: IdentityState) -> [Duration] {
    guard serviceKey.source.platformKey != nil else { return alertBefore }
    let due = RenewalPoint.due(
      notBefore: identity.notBefore, notAfter: identity.notAfter, renewBefore: serviceKey.renewBefore)
    let margin = identity.notAfter.timeIntervalSince(due)
    let marks = alertBefore.filter { Cadence.seconds($0) < margin }
    guard marks.isEmpty, !alertBefore.isEmpty else { return marks }
    return [.seconds(min(identity.notAfter.timeIntervalSince(identity.notBefore) / 10, margin / 2))]
  }
}
