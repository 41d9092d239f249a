// SPDX-License-Identifier: Apache-2.0

/// The login sessions of the whole daemon, one for each user or client of each token endpoint and each proof, so that nobody
/// has two of ours at a time, and one wrong proof spoils no right one of the same user.
package actor LoginPool {
  private let memory: any LoginMemory
  /// By who logs in where; whoever was asked for last is at the end.
  private var sessions: [LoginName: [(method: LoginMethod, session: LoginSession)]] = [:]
  private var tallies: [LoginName: LoginTally] = [:]
  /// Whose refusals count no more when a session of theirs begins: what is kept of it is older than the pardon.
  private var pardoned: [LoginMethod] = []

  package init(memory: any LoginMemory) {
    self.memory = memory
  }

  /// The session of this login with this proof.
  package func session(
    _ method: LoginMethod, at endpoint: String, network: PlatformNetwork
  ) async -> LoginSession {
    let name = LoginName(endpoint: endpoint, principal: method.principal)
    var known = sessions[name] ?? []
    let tally = tallies[name] ?? LoginTally()
    tallies[name] = tally
    let isKnown: Bool
    let session: LoginSession
    if let index = known.firstIndex(where: { $0.method.isSameLogin(as: method) }) {
      (isKnown, session) = (true, known.remove(at: index).session)
    } else {
      isKnown = false
      session = LoginSession(
        method, at: endpoint, network: network, memory: memory, tally: tally,
        isPardoned: pardoned.contains { $0.isSameLogin(as: method) })
    }
    known.append((method, session))
    // Who changed the proof does not use the former one again.
    sessions[name] = Array(known.suffix(Self.mostProofs))
    if isKnown { await session.update(method, network: network) }
    return session
  }

  /// Lets a refused proof be tried once more, since an operator says so, at whatever token endpoint; nothing is asked.
  ///
  /// It is not where that could lock a user (``LoginState/mayBePardoned(_:_:now:)``).
  package func pardon(_ method: LoginMethod) async {
    pardoned = Array((pardoned.filter { !$0.isSameLogin(as: method) } + [method]).suffix(Self.mostPardons))
    let meant = sessions.values.joined().filter { $0.method.isSameLogin(as: method) }
    for (_, session) in meant { await session.pardon() }
  }

  /// Of one user or client at one token endpoint.
  private static let mostProofs = 10
  private static let mostPardons = 100
}
