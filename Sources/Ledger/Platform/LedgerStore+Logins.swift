// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB
package import Host

/// What is kept of a login on the platform; every secret in it is sealed on disk.
package struct StoredLogin: Sendable, Equatable {
  /// Who logs in where.
  package struct Name: Sendable, Hashable {
    package var endpoint: String
    package var principal: String

    package init(endpoint: String, principal: String) {
      self.endpoint = endpoint
      self.principal = principal
    }
  }

  /// A proof that the platform refused, and must not get again.
  package struct Refusal: Sendable, Equatable {
    package var secret: SecretBytes
    package var at: Date
    package var words: String

    package init(secret: SecretBytes, at: Date, words: String) {
      self.secret = secret
      self.at = at
      self.words = words
    }
  }

  package var refreshToken: SecretBytes?
  package var refusal: Refusal?

  package init(refreshToken: SecretBytes? = nil, refusal: Refusal? = nil) {
    self.refreshToken = refreshToken
    self.refusal = refusal
  }
}

extension LedgerStore {
  /// Replaces what is kept of a login.
  package func keepLogin(_ login: StoredLogin, of name: StoredLogin.Name, at now: Date) async throws(LedgerError) {
    var refreshToken: Data?
    var refused: Data?
    if let token = login.refreshToken {
      refreshToken = Data(try sealer().seal(token, context: KeySeal.context(ofLogin: name, "refresh token")))
    }
    if let refusal = login.refusal {
      refused = Data(try sealer().seal(refusal.secret, context: KeySeal.context(ofLogin: name, "refused")))
    }
    let (sealedToken, sealedRefused) = (refreshToken, refused)
    try await write { database in
      try database.run(
        """
        INSERT INTO login (endpoint, principal, sealed_refresh_token, sealed_refused, refused_at, refused_words,
          sealed_under, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (endpoint, principal) DO UPDATE SET sealed_refresh_token = excluded.sealed_refresh_token,
          sealed_refused = excluded.sealed_refused, refused_at = excluded.refused_at,
          refused_words = excluded.refused_words, sealed_under = excluded.sealed_under,
          changed_at = excluded.changed_at
        """,
        [
          name.endpoint, name.principal, sealedToken, sealedRefused, login.refusal?.at.instant, login.refusal?.words,
          sealedToken == nil && sealedRefused == nil ? nil : 1, now.instant,
        ])
    }
  }

  /// What is kept of a login; nil for one that was never seen.
  package func login(_ name: StoredLogin.Name) async throws(LedgerError) -> StoredLogin? {
    let found = try await read { database in
      try database.one(
        LoginRow.self,
        """
        SELECT sealed_refresh_token, sealed_refused, refused_at, refused_words FROM login
        WHERE endpoint = ? AND principal = ?
        """, [name.endpoint, name.principal])
    }
    guard let found else { return nil }
    var login = StoredLogin()
    if let sealed = found.sealedRefreshToken {
      login.refreshToken = try open(sealed, KeySeal.context(ofLogin: name, "refresh token"))
    }
    if let sealed = found.sealedRefused, let at = found.refusedAt, let words = found.refusedWords {
      login.refusal = StoredLogin.Refusal(
        secret: try open(sealed, KeySeal.context(ofLogin: name, "refused")), at: at.date, words: words)
    }
    return login
  }

  private func open(_ sealed: Data, _ context: [UInt8]) throws(LedgerError) -> SecretBytes {
    try sealer().open(Array(sealed), context: context, of: .daemon, ledger: path)
  }
}

private struct LoginRow: LedgerRecord {
  let sealedRefreshToken: Data?
  let sealedRefused: Data?
  let refusedAt: Instant?
  let refusedWords: String?
}
