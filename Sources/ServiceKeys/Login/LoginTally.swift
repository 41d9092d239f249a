// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Synchronization

/// When a user was logged in, with whatever proof: the platform counts sessions by user.
package final class LoginTally: Sendable {
  private let times = Mutex<[Date]>([])

  package init() {}

  /// When the user may be logged in again; nil: now.
  package func nextLogin(after now: Date) -> Date? { times.withLock { Self.nextLogin($0, now) } }

  /// Counts a login that is about to be made, unless there are too many.
  ///
  /// - Returns: when it may be made; nil when it is counted.
  package func count(at now: Date) -> Date? {
    times.withLock { times in
      if let next = Self.nextLogin(times, now) { return next }
      times = (times + [now]).suffix(LoginState.mostLogins)
      return nil
    }
  }

  private static func nextLogin(_ times: [Date], _ now: Date) -> Date? {
    let recent = times.filter { $0 <= now && $0 > now - LoginState.sessionWindow }
    guard recent.count >= LoginState.mostLogins, let first = recent.first else { return nil }
    return first + LoginState.sessionWindow
  }
}
