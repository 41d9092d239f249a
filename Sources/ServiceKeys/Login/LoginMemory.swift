// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Host

/// What has to be remembered of a login with one proof over restarts; the ledger keeps it.
package struct LoginRecord: Sendable, Equatable {
  /// The newest refresh token; the platform may give another with every use, and then refuses the older one.
  package var refreshToken: SecretBytes?
  /// That the platform refused the proof: it is not sent again before `LoginState.refusalHolds` is over.
  package var refusal: LoginRefusal?

  package init(refreshToken: SecretBytes? = nil, refusal: LoginRefusal? = nil) {
    self.refreshToken = refreshToken
    self.refusal = refusal
  }
}

package struct LoginRefusal: Sendable, Equatable {
  package var at: Date
  /// The platform's words, filtered.
  package var words: String

  package init(at: Date, words: String) {
    self.at = at
    self.words = words
  }
}

/// Where `LoginRecord`s are kept, for each login by its proof: of two for one user one may be wrong.
package protocol LoginMemory: Sendable {
  /// What is kept of a login with this proof; an empty record for one that was never seen.
  func record(of login: LoginName, proof: SecretBytes) async throws -> LoginRecord
  /// On disk when it returns.
  func keep(_ record: LoginRecord, of login: LoginName, proof: SecretBytes) async throws
}
