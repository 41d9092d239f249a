// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Settings

/// The last part of a lifetime, in which failed attempts are repeated at the shortest interval.
package enum LastTenth {
  /// When that part begins; `Lifetime.lastTenth(of:)` says how long it is.
  package static func start(notBefore: Date, notAfter: Date) -> Date {
    notAfter.addingTimeInterval(-Lifetime.lastTenth(of: max(0, notAfter.timeIntervalSince(notBefore))))
  }
}
