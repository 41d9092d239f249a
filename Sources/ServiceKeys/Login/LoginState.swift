// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Host

/// What a login session knows, and what it does next: pure.
package struct LoginState: Sendable {
  package var record: LoginRecord
  package var token: AccessToken?
  /// When the token ends, and when it was obtained.
  package var tokenEnd: Date?
  package var tokenStart: Date?

  package enum Step: Sendable {
    case use(AccessToken)
    case refresh(SecretBytes)
    case logIn
    case refused(words: String, until: Date)
    case tooManyLogins(until: Date)
  }

  package init(record: LoginRecord = LoginRecord()) {
    self.record = record
  }

  /// What to do for a token.
  ///
  /// - Parameters:
  ///   - method: who logs in; the proof is the one that the record is kept of.
  ///   - stale: the number of a token that the platform no longer accepts.
  ///   - nextLogin: when the user may be logged in again; nil: now.
  ///   - now: the wall clock.
  /// - Returns: how to get a token, or why there is none.
  package func step(_ method: LoginMethod, insteadOf stale: Int?, nextLogin: Date?, now: Date) -> Step {
    if let token, token.number != stale, isFresh(now) { return .use(token) }
    if let refreshToken = record.refreshToken, method.makesUserSession { return .refresh(refreshToken) }
    if let refusal = record.refusal, refusal.at <= now {
      let until = refusal.at + Self.rest(refusal, method)
      if now < until { return .refused(words: refusal.words, until: until) }
    }
    if method.makesUserSession, let nextLogin { return .tooManyLogins(until: nextLogin) }
    return .logIn
  }

  /// Seconds that the proof is not sent again.
  static func rest(_ refusal: LoginRefusal, _ method: LoginMethod) -> TimeInterval {
    guard method.makesUserSession else { return clientRefusalHolds }
    // The platform's own words begin behind the name of the user, who may be called anything.
    let principal = method.principal
    let said = refusal.words.hasPrefix(principal) ? refusal.words.dropFirst(principal.count) : refusal.words[...]
    return said.lowercased().contains("locked") ? lockHolds : refusalHolds
  }

  /// Whether an operator's word has a refused proof sent once more: a user's only after an hour, since a few tries by hand
  /// within a short time lock the user.
  package static func mayBePardoned(_ refusal: LoginRefusal, _ method: LoginMethod, now: Date) -> Bool {
    !method.makesUserSession || now >= refusal.at + restByHand
  }

  /// A minute before its end a token is no longer used; a clock that was set back makes none live longer.
  private func isFresh(_ now: Date) -> Bool {
    guard let tokenEnd, let tokenStart else { return false }
    return now >= tokenStart && now < tokenEnd - Self.margin
  }

  /// Seconds that a refused password rests: long enough never to lock a user.
  package static let refusalHolds: TimeInterval = 12 * 3600
  /// The same for a user who is locked already, and whom time or an administrator unlocks.
  package static let lockHolds: TimeInterval = 3600
  /// Seconds that it rests even though an operator asks for it.
  package static let restByHand: TimeInterval = 3600
  /// The same for clients, which are never locked.
  package static let clientRefusalHolds: TimeInterval = 300
  /// The platform allows ten sessions of one user; two are left for people.
  package static let mostLogins = 8
  /// Seconds; sessions of users last as long as their refresh tokens, of which the platform does not say how long they live.
  package static let sessionWindow: TimeInterval = 12 * 3600
  private static let margin: TimeInterval = 60
}
