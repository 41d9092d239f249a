// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB
package import Host

/// What is kept of a login on the platform with one proof; the refresh token is sealed on disk.
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

  /// That the platform refused the proof, which it must not get again.
  package struct Refusal: Sendable, Equatable {
    package var at: Date
    package var words: String

    package init(at: Date, words: String) {
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

/// Of the proof itself the ledger has a digest under its sealing key, so that it is known again and cannot be got back.
extension LedgerStore {
  /// Replaces what is kept of a login with this proof; of each login the newest ``proofsKept`` are remembered.
  package func keepLogin(
    _ login: StoredLogin, of name: StoredLogin.Name, proof: SecretBytes, at now: Date
  ) async throws(LedgerError) {
    let digest = Data(try sealer().digest(of: proof, for: name))
    var refreshToken: Data?
    if let token = login.refreshToken {
      refreshToken = Data(try sealer().seal(token, context: KeySeal.context(ofLogin: name, "refresh token")))
    }
    let sealedToken = refreshToken
    try await write { database in
      // Whatever was kept last is the newest row.
      try database.run(
        "DELETE FROM login WHERE endpoint = ? AND principal = ? AND proof = ?",
        [name.endpoint, name.principal, digest])
      try database.run(
        """
        INSERT INTO login (endpoint, principal, proof, sealed_refresh_token, sealed_under, refused_at, refused_words,
          changed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          name.endpoint, name.principal, digest, sealedToken, sealedToken == nil ? nil : 1,
          login.refusal?.at.instant, login.refusal?.words, now.instant,
        ])
      try database.run(
        """
        DELETE FROM login WHERE endpoint = ?1 AND principal = ?2 AND id NOT IN (
          SELECT id FROM login WHERE endpoint = ?1 AND principal = ?2 ORDER BY id DESC LIMIT ?3)
        """, [name.endpoint, name.principal, Self.proofsKept])
    }
  }

  /// What is kept of a login with this proof; nil for one that was never seen.
  package func login(_ name: StoredLogin.Name, proof: SecretBytes) async throws(LedgerError) -> StoredLogin? {
    let digest = Data(try sealer().digest(of: proof, for: name))
    let found = try await read { database in
      try database.one(
        LoginRow.self,
        """
        SELECT sealed_refresh_token, refused_at, refused_words FROM login
        WHERE endpoint = ? AND principal = ? AND proof = ?
        """, [name.endpoint, name.principal, digest])
    }
    guard let found else { return nil }
    var login = StoredLogin()
    if let sealed = found.sealedRefreshToken {
      login.refreshToken = try sealer().open(
        Array(sealed), context: KeySeal.context(ofLogin: name, "refresh token"), of: .daemon, ledger: path)
    }
    if let at = found.refusedAt, let words = found.refusedWords {
      login.refusal = StoredLogin.Refusal(at: at.date, words: words)
    }
    return login
  }

  /// How many proofs of one login are remembered: more than one user has at a time.
  static let proofsKept = 10
}

private struct LoginRow: LedgerRecord {
  let sealedRefreshToken: Data?
  let refusedAt: Instant?
  let refusedWords: String?
}
