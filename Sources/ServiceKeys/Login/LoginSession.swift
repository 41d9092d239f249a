// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host

/// The one session of a user or client with one proof: everybody who calls in that name by that proof shares its token, and
/// one login at a time is under way.
package actor LoginSession {
  package nonisolated let name: LoginName
  private var method: LoginMethod
  private var network: PlatformNetwork
  private let memory: any LoginMemory
  private let tally: LoginTally
  private var state: LoginState?
  private var tokens = 0
  private var isPardoned: Bool
  private var underWay: SharedTask<Result<AccessToken, PlatformFailure>>?

  /// - Parameters:
  ///   - method: who logs in, and the proof.
  ///   - endpoint: the token endpoint.
  ///   - network: how it is reached.
  ///   - memory: keeps what outlives the session.
  ///   - tally: counts the logins of this user, with whatever proof.
  ///   - isPardoned: whether a refusal that is kept of an earlier session counts no more.
  package init(
    _ method: LoginMethod, at endpoint: String, network: PlatformNetwork, memory: any LoginMemory,
    tally: LoginTally = LoginTally(), isPardoned: Bool = false
  ) {
    self.method = method
    self.network = network
    self.memory = memory
    self.tally = tally
    self.isPardoned = isPardoned
    name = LoginName(endpoint: endpoint, principal: method.principal)
  }

  /// A token that the platform should accept, other than `stale`, which it did not accept.
  ///
  /// Throws `loginRefused` without asking again, as long as a proof that was refused rests; `cancelled` at once when the
  /// caller's task is, however long the platform keeps silent.
  package func token(insteadOf stale: AccessToken? = nil) async throws(PlatformFailure) -> AccessToken {
    while let underWay {
      let token = try await outcome(of: underWay)
      if token.number != stale?.number { return token }
    }
    // Not the caller's task: others wait for the same token, and a returned refresh token must be kept.
    let login = SharedTask(whenAbandoned: .goesOn) { await self.end(with: await self.obtain(insteadOf: stale?.number)) }
    underWay = login
    return try await outcome(of: login)
  }

  /// Takes over how the same proof is used and how the platform is reached, which may have changed.
  package func update(_ method: LoginMethod, network: PlatformNetwork) {
    if method != self.method { state?.token = nil }
    self.method = method
    self.network = network
  }

  /// Lets a refused proof be tried once more at the next call, since an operator says so, unless that could lock a user.
  func pardon() { isPardoned = true }

  private func outcome(
    of login: SharedTask<Result<AccessToken, PlatformFailure>>
  ) async throws(PlatformFailure) -> AccessToken {
    guard let result = await login.value() else {
      throw PlatformFailure(.cancelled, .certrotd, "the login of \(name.principal) is no longer waited for")
    }
    return try result.get()
  }

  /// Makes room for the next login before anybody hears of this one.
  private func end(with result: Result<AccessToken, PlatformFailure>) -> Result<AccessToken, PlatformFailure> {
    underWay = nil
    return result
  }

  private func obtain(insteadOf stale: Int?) async -> Result<AccessToken, PlatformFailure> {
    do throws(PlatformFailure) {
      var state = try await loaded()
      let now = network.wallClock.now()
      switch state.step(method, insteadOf: stale, nextLogin: tally.nextLogin(after: now), now: now) {
      case .use(let token): return .success(token)
      case .refresh(let token):
        do throws(PlatformFailure) {
          return .success(try await ask(UAAGrant.refresh(token), &state))
        } catch  where error.kind == .unauthorized || error.kind == .refused {
          state.record.refreshToken = nil
          try await keep(state)
          return await obtain(insteadOf: stale)
        }
      case .logIn: return .success(try await logIn(&state))
      case .refused(let words, let until):
        throw PlatformFailure(
          .loginRefused, .configuration, "\(words); \(method.remedy)",
          retryAfter: .seconds(max(0, until.timeIntervalSince(now))), wasHeldBack: true)
      case .tooManyLogins(let until): throw tooManyLogins(until: until, now)
      }
    } catch {
      return .failure(error)
    }
  }

  private func logIn(_ state: inout LoginState) async throws(PlatformFailure) -> AccessToken {
    let method = method
    do throws(PlatformFailure) {
      let grant = try await UAAGrant.login(method, network)
      let now = network.wallClock.now()
      if method.makesUserSession, let until = tally.count(at: now) { throw tooManyLogins(until: until, now) }
      return try await ask(grant, &state)
    } catch  where error.kind == .unauthorized {
      let words = "\(name.principal) is not accepted: \(error.words)"
      let refusal = LoginRefusal(at: network.wallClock.now(), words: words)
      state.record.refusal = refusal
      try await keep(state)
      throw PlatformFailure(
        .loginRefused, .configuration, "\(words); \(method.remedy)",
        retryAfter: .seconds(LoginState.rest(refusal, method)))
    }
  }

  private func tooManyLogins(until: Date, _ now: Date) -> PlatformFailure {
    PlatformFailure(
      .tooManyLogins, .certrotd,
      "\(name.principal) was logged in \(LoginState.mostLogins) times within 12 h; more sessions would lock others out",
      retryAfter: .seconds(max(0, until.timeIntervalSince(now))), wasHeldBack: true)
  }

  private func ask(_ grant: UAAGrant, _ state: inout LoginState) async throws(PlatformFailure) -> AccessToken {
    let answer = try await grant.send(to: name.endpoint, over: network)
    let now = network.wallClock.now()
    tokens += 1
    let token = AccessToken(header: answer.header, number: tokens)
    state.token = token
    state.tokenStart = now
    state.tokenEnd = now + TimeInterval(answer.lifetime)
    let before = state.record
    state.record.refusal = nil
    if let refreshToken = answer.refreshToken, method.makesUserSession { state.record.refreshToken = refreshToken }
    if state.record != before { try await keep(state) } else { self.state = state }
    return token
  }

  private func loaded() async throws(PlatformFailure) -> LoginState {
    var loaded = try await known()
    guard isPardoned else { return loaded }
    isPardoned = false
    guard let refusal = loaded.record.refusal,
      LoginState.mayBePardoned(refusal, method, now: network.wallClock.now())
    else { return loaded }
    loaded.record.refusal = nil
    try await keep(loaded)
    return loaded
  }

  private func known() async throws(PlatformFailure) -> LoginState {
    if let state { return state }
    do {
      let loaded = LoginState(record: try await memory.record(of: name, proof: method.secret))
      state = loaded
      return loaded
    } catch {
      throw PlatformFailure(.local, .host, "what is kept of the login of \(name.principal) cannot be read: \(error)")
    }
  }

  private func keep(_ state: LoginState) async throws(PlatformFailure) {
    self.state = state
    do {
      try await memory.keep(state.record, of: name, proof: method.secret)
    } catch {
      throw PlatformFailure(.local, .host, "the login of \(name.principal) cannot be kept: \(error)")
    }
  }
}
