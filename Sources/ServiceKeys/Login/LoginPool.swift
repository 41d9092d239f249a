// SPDX-License-Identifier: Apache-2.0

/// The login sessions of the whole daemon, one for each user or client of each token endpoint, so that no user ever has
/// two of ours at a time.
package actor LoginPool {
  private let memory: any LoginMemory
  private var sessions: [LoginName: LoginSession] = [:]
  /// Whose refusals count no more when a session of theirs begins: what is kept of it is older than the pardon.
  private var pardoned: Set<String> = []

  package init(memory: any LoginMemory) {
    self.memory = memory
  }

  /// The session of this login, with the proof as it is now.
  package func session(
    _ method: LoginMethod, at endpoint: String, network: PlatformNetwork
  ) async -> LoginSession {
    let name = LoginName(endpoint: endpoint, principal: method.principal)
    if let session = sessions[name] {
      await session.update(method, network: network)
      return session
    }
    let session = LoginSession(
      method, at: endpoint, network: network, memory: memory, isPardoned: pardoned.contains(name.principal))
    sessions[name] = session
    return session
  }

  /// Lets a refused proof be tried once more, since an operator says so, at whatever token endpoint; nothing is asked.
  ///
  /// It is not where that could lock a user (``LoginState/mayBePardoned(_:_:now:)``).
  ///
  /// - Parameter principal: ``LoginMethod/principal``.
  package func pardon(_ principal: String) async {
    pardoned.insert(principal)
    for (name, session) in sessions where name.principal == principal { await session.pardon() }
  }
}
