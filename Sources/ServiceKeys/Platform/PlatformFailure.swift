// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// Why a call of the platform came to nothing.
///
/// The words are filtered (``PlatformWords``): they hold no secret, and may be shown and logged.
package struct PlatformFailure: Error, Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable, Codable {
    /// No response: name look-up, connection, TLS, time.
    case unreachable
    /// The platform does not accept user and password, or the client; not asked again until they change.
    case loginRefused = "login-refused"
    /// Logging in would make more sessions than one user may have.
    case tooManyLogins = "too-many-logins"
    /// 401 in spite of a fresh login.
    case unauthorized
    /// The login lacks a role.
    case forbidden
    /// What was asked for is not there.
    case missing
    /// A key of this name exists.
    case nameTaken = "name-taken"
    case quotaExceeded = "quota-exceeded"
    /// Another operation is in progress on the same thing.
    case busy
    /// The platform rejects the request for another reason.
    case refused
    case rateLimited = "rate-limited"
    /// A failure on the platform's side that may pass.
    case unavailable
    /// The response does not say what the interface promises.
    case malformed
    /// Several things fit where one was meant.
    case ambiguous
    /// Something on this host, such as a credential that cannot be read.
    case local
    case cancelled
  }

  package var kind: Kind
  package var culprit: Culprit
  /// One sentence without its full stop.
  package var words: String
  /// How long the platform wants not to be asked.
  package var retryAfter: Duration?
  /// Whether the platform may have done what was asked all the same, so that it has to be looked for.
  package var mayHaveHappened: Bool
  /// Whether nothing was sent, since a login rests that was refused earlier or would be one too many.
  package var wasHeldBack: Bool

  package init(
    _ kind: Kind, _ culprit: Culprit, _ words: String, retryAfter: Duration? = nil, mayHaveHappened: Bool = false,
    wasHeldBack: Bool = false
  ) {
    self.kind = kind
    self.culprit = culprit
    self.words = words
    self.retryAfter = retryAfter
    self.mayHaveHappened = mayHaveHappened
    self.wasHeldBack = wasHeldBack
  }

  static func malformed(_ what: String, mayHaveHappened: Bool = false) -> PlatformFailure {
    PlatformFailure(.malformed, .platform, what, mayHaveHappened: mayHaveHappened)
  }
}

extension PlatformFailure: CustomStringConvertible {
  package var description: String { words }
}
