// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
import ServiceKeys

/// Tells of platforms that do not answer and of logins that are not accepted, once each, and when it is over.
///
/// What was told is not kept over a restart: a daemon that starts during an outage tells of it again.
package actor PlatformTroubles {
  /// Whose calls these are.
  package struct Caller: Sendable, Hashable {
    package var serviceKey: String
    /// The platform's address.
    package var platform: String
    /// Who logs in; never a secret.
    package var login: String
  }

  /// What is called, as far as troubles are told apart: one may fail while another works.
  package enum Call: Sendable, Hashable {
    case connect, read, create, follow, credentials, delete
  }

  /// What goes wrong.
  private enum Topic: Hashable {
    /// The platform does not answer as it should.
    case outage(platform: String)
    /// It does not take the login.
    case login(platform: String, login: String)
    /// The login may not do what one service key needs.
    case role(platform: String, login: String, serviceKey: String)
  }

  private struct Trouble {
    var since: Date
    /// When it was noticed last.
    var last: Date
    var calls: Set<Call>
  }

  private let context: RotationContext
  private var troubles: [Topic: Trouble] = [:]

  package init(context: RotationContext) { self.context = context }

  /// Takes note of a call that failed.
  ///
  /// - Throws: `LedgerError`.
  func note(_ failure: PlatformFailure, of caller: Caller, calling call: Call) async throws {
    switch failure.kind {
    case .unreachable, .unavailable, .malformed:
      guard isNew(.outage(platform: caller.platform), call) else { return }
      try await tell(
        .platformUnavailable, "the platform \(caller.platform) does not answer as it should: \(failure.words)",
        [.platform: caller.platform, .reason: failure.words, .culprit: failure.culprit.rawValue], caller)
    case .loginRefused, .tooManyLogins, .unauthorized:
      try await answered(caller, call, acceptsLogin: false)
      guard isNew(.login(platform: caller.platform, login: caller.login), call) else { return }
      try await tellLogin("\(caller.login) cannot log in to \(caller.platform)", failure, caller)
    case .forbidden:
      try await answered(caller, call, acceptsLogin: false)
      guard
        isNew(.role(platform: caller.platform, login: caller.login, serviceKey: caller.serviceKey), call)
      else { return }
      try await tellLogin("\(caller.login) lacks a role on \(caller.platform)", failure, caller)
    case .missing, .nameTaken, .quotaExceeded, .busy, .refused, .ambiguous: try await answered(caller, call)
    case .rateLimited, .local, .cancelled: break
    }
  }

  /// Takes note of a call that was answered.
  ///
  /// - Throws: `LedgerError`.
  func answered(_ caller: Caller, _ call: Call, acceptsLogin: Bool = true) async throws {
    if acceptsLogin { try await noteLogin(caller, call) }
    guard let since = end(.outage(platform: caller.platform), call) else { return }
    let span = TimeText.span(context.clock.now().timeIntervalSince(since))
    try await tell(
      .platformRecovered, "the platform \(caller.platform) answers again, after \(span)",
      [.platform: caller.platform, .reason: "it did not answer for \(span)", .since: EventTime.text(since)], caller)
  }

  /// Takes note that a login is accepted, and has the role for this call.
  private func noteLogin(_ caller: Caller, _ call: Call) async throws {
    let refused = troubles.removeValue(forKey: .login(platform: caller.platform, login: caller.login))
    let lacking = end(.role(platform: caller.platform, login: caller.login, serviceKey: caller.serviceKey), call)
    guard let since = refused?.since ?? lacking else { return }
    let span = TimeText.span(context.clock.now().timeIntervalSince(since))
    let reason = refused == nil ? "it lacked a role for \(span)" : "it was not accepted for \(span)"
    try await tell(
      .loginRecovered, "\(caller.login) can log in to \(caller.platform) and work there again: \(reason)",
      [
        .platform: caller.platform, .login: caller.login, .reason: reason, .since: EventTime.text(since),
      ], caller)
  }

  private func isNew(_ topic: Topic, _ call: Call) -> Bool {
    let now = context.clock.now()
    guard var trouble = troubles[topic] else {
      troubles[topic] = Trouble(since: now, last: now, calls: [call])
      return true
    }
    trouble.last = now
    trouble.calls.insert(call)
    troubles[topic] = trouble
    return false
  }

  /// Ends a trouble when the calls that failed work, or none of them has failed for long.
  ///
  /// - Returns: since when it was; nil when it goes on, and when there was none.
  @discardableResult private func end(_ topic: Topic, _ call: Call) -> Date? {
    guard var trouble = troubles[topic] else { return nil }
    trouble.calls.remove(call)
    // Whoever gives credentials has made the key, whatever became of the answer.
    if call == .credentials { trouble.calls.subtract([.create, .follow]) }
    let isOver =
      trouble.calls.isEmpty || context.clock.now().timeIntervalSince(trouble.last) >= Self.secondsToForget
    troubles[topic] = isOver ? nil : trouble
    return isOver ? trouble.since : nil
  }

  private func tellLogin(_ what: String, _ failure: PlatformFailure, _ caller: Caller) async throws {
    try await tell(
      .loginFailing, "\(what): \(failure.words)",
      [.platform: caller.platform, .login: caller.login, .reason: failure.words, .culprit: failure.culprit.rawValue],
      caller)
  }

  private func tell(
    _ event: Event, _ message: String, _ fields: [EventField: String], _ caller: Caller
  ) async throws {
    var fields = fields
    fields[.serviceKey] = caller.serviceKey
    try await context.tell(
      [Events.Raised(event, message: message, fields: fields)], of: LedgerSubject(.serviceKey, caller.serviceKey))
  }

  /// Longer than the pause between two attempts ever is.
  private static let secondsToForget: TimeInterval = 3 * 3600
}
