// SPDX-License-Identifier: Apache-2.0

/// The login sessions of the whole daemon, one for each user or client of each token endpoint, so that no user ever has
/// two of ours at a time.
package actor LoginPool {
  private let memory: any LoginMemory
  private var sessions: [LoginName: LoginSession] = [:]

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
    let session = LoginSession(method, at: endpoint, network: network, memory: memory)
    sessions[name] = session
    return session
  }
}
