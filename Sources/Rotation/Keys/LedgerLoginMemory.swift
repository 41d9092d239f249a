// SPDX-License-Identifier: Apache-2.0

package import Host
package import Ledger
package import ServiceKeys

/// Keeps logins in the ledger, where refresh tokens are sealed and proofs are known by a digest.
package struct LedgerLoginMemory: LoginMemory {
  private let ledger: LedgerStore
  private let clock: any WallClock

  package init(ledger: LedgerStore, clock: any WallClock) {
    self.ledger = ledger
    self.clock = clock
  }

  package func record(of login: LoginName, proof: SecretBytes) async throws -> LoginRecord {
    guard let stored = try await ledger.login(Self.name(login), proof: proof) else { return LoginRecord() }
    return LoginRecord(
      refreshToken: stored.refreshToken, refusal: stored.refusal.map { LoginRefusal(at: $0.at, words: $0.words) })
  }

  package func keep(_ record: LoginRecord, of login: LoginName, proof: SecretBytes) async throws {
    let stored = StoredLogin(
      refreshToken: record.refreshToken, refusal: record.refusal.map { StoredLogin.Refusal(at: $0.at, words: $0.words) }
    )
    try await ledger.keepLogin(stored, of: Self.name(login), proof: proof, at: clock.now())
  }

  private static func name(_ login: LoginName) -> StoredLogin.Name {
    StoredLogin.Name(endpoint: login.endpoint, principal: login.principal)
  }
}
