// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Host

/// What has to be remembered of a login over restarts; the ledger keeps it, sealed.
package struct LoginRecord: Sendable, Equatable {
  /// The newest refresh token; the platform may give another with every use, and then refuses the older one.
  package var refreshToken: SecretBytes?
  /// A proof that the platform refused: it is not sent again before it changes, or `LoginState.refusalHolds` is over.
  package var refusal: LoginRefusal?

  package init(refreshToken: SecretBytes? = nil, refusal: LoginRefusal? = nil) {
    self.refreshToken = refreshToken
    self.refusal = refusal
  }
}

package struct LoginRefusal: Sendable, Equatable {
  package var secret: SecretBytes
  package var at: Date
  /// The platform's words, filtered.
  package var words: String

  package init(secret: SecretBytes, at: Date, words: String) {
    self.secret = secret
    self.at = at
    self.words = words
  }
}

/// Where `LoginRecord`s are kept.
package protocol LoginMemory: Sendable {
  /// What is kept of a login; an empty record for one that was never seen.
  func record(of login: LoginName) async throws -> LoginRecord
  /// On disk when it returns.
  func keep(_ record: LoginRecord, of login: LoginName) async throws
}
