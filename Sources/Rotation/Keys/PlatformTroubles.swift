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

  private let context: RotationContext
  private var outages: [String: Date] = [:]
  private var logins: Set<String> = []

  package init(context: RotationContext) { self.context = context }

  /// Takes note of a call that failed.
  ///
  /// - Throws: `LedgerError`.
  func note(_ failure: PlatformFailure, of caller: Caller) async throws {
    switch failure.kind {
    case .unreachable, .unavailable, .malformed:
      guard outages[caller.platform] == nil else { return }
      outages[caller.platform] = context.clock.now()
      try await tell(
        .platformUnavailable, "the platform \(caller.platform) does not answer as it should: \(failure.words)",
        [.platform: caller.platform, .reason: failure.words, .culprit: failure.culprit.rawValue], caller)
    case .loginRefused, .tooManyLogins, .unauthorized, .forbidden:
      try await answered(caller, acceptsLogin: false)
      guard logins.insert("\(caller.platform) \(caller.login)").inserted else { return }
      try await tell(
        .loginFailing, "\(caller.login) cannot log in to \(caller.platform): \(failure.words)",
        [
          .platform: caller.platform, .login: caller.login, .reason: failure.words, .culprit: failure.culprit.rawValue,
        ], caller)
    case .missing, .nameTaken, .quotaExceeded, .busy, .refused, .ambiguous: try await answered(caller)
    case .rateLimited, .local, .cancelled: break
    }
  }

  /// Takes note of a call that was answered.
  ///
  /// - Throws: `LedgerError`.
  func answered(_ caller: Caller, acceptsLogin: Bool = true) async throws {
    if acceptsLogin { logins.remove("\(caller.platform) \(caller.login)") }
    guard let since = outages.removeValue(forKey: caller.platform) else { return }
    let span = TimeText.span(context.clock.now().timeIntervalSince(since))
    try await tell(
      .platformRecovered, "the platform \(caller.platform) answers again, after \(span)",
      [.platform: caller.platform, .reason: "it did not answer for \(span)", .since: EventTime.text(since)], caller)
  }

  private func tell(
    _ event: Event, _ message: String, _ fields: [EventField: String], _ caller: Caller
  ) async throws {
    var fields = fields
    fields[.serviceKey] = caller.serviceKey
    try await context.tell(
      [Events.Raised(event, message: message, fields: fields)], of: LedgerSubject(.serviceKey, caller.serviceKey))
  }
}
