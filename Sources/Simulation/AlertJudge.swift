// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Which alerts an administrator was promised.
enum AlertJudge {
  /// The marks of `alert-before` that are usual, in seconds, nearest first.
  private static let marks = [1, 3, 7, 14, 30].map { $0 * day }

  static let widestMark = 30 * day

  /// The mark that an alert must have been raised for by now; nil where none was crossed.
  ///
  /// Of what renews itself on a platform, only marks that come after its renewal was due count.
  static func crossed(notBefore: Date, notAfter: Date, renewsOnPlatform: Bool, at now: Date) -> TimeInterval? {
    let life = notAfter.timeIntervalSince(notBefore)
    let limit = renewsOnPlatform ? SimulatedPlatform.renewBefore * life : life
    let remaining = notAfter.timeIntervalSince(now)
    return ([0] + marks).first { $0 < limit && remaining <= $0 }
  }
}
