// SPDX-License-Identifier: Apache-2.0

package import Host
package import Ledger
package import ServiceKeys

/// Keeps logins in the ledger, where their secrets are sealed.
package struct LedgerLoginMemory: LoginMemory {
  private let ledger: LedgerStore
  private let clock: any WallClock

  package init(ledger: LedgerStore, clock: any WallClock) {
    self.ledger = ledger
    self.clock = clock
  }

  package func record(of login: LoginName) async throws -> LoginRecord {
    guard let stored = try await ledger.login(Self.name(login)) else { return LoginRecord() }
    return LoginRecord(
      refreshToken: stored.refreshToken,
      refusal: stored.refusal.map { LoginRefusal(secret: $0.secret, at: $0.at, words: $0.words) })
  }

  package func keep(_ record: LoginRecord, of login: LoginName) async throws {
    let stored = StoredLogin(
      refreshToken: record.refreshToken,
      refusal: record.refusal.map { StoredLogin.Refusal(secret: $0.secret, at: $0.at, words: $0.words) })
    try await ledger.keepLogin(stored, of: Self.name(login), at: clock.now())
  }

  private static func name(_ login: LoginName) -> StoredLogin.Name {
    StoredLogin.Name(endpoint: login.endpoint, principal: login.principal)
  }
}
