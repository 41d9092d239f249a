// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
import ServiceKeys
import Settings

/// Tells of platforms that do not answer and of logins that are not accepted, once each, and when it is over.
///
/// What was told of logins is kept in the ledger, so that a restart neither tells of it again nor forgets since when it is.
/// An outage is told once it has outlasted the next attempt, and again by a daemon that starts during it.
package actor PlatformTroubles {
  /// Whose calls these are.
  package struct Caller: Sendable, Hashable {
    package var serviceKey: String
    /// The platform's address.
    package var platform: String
    /// Who logs in; never a secret.
    package var login: String
    /// Where the proof stands: of two for one login one may be wrong.
    package var credential: String
    /// Where the platform is asked, where ``platform`` does not say it; nil before that is known.
    package var address: String?

    /// The platform, for whoever looks for what is wrong.
    var place: String { address.map { "\(platform) at \($0)" } ?? platform }
  }

  /// What is called, as far as troubles are told apart: one may fail while another works.
  package enum Call: String, Sendable, Hashable {
    case connect, read, create, follow, credentials, delete
  }

  /// What goes wrong.
  fileprivate enum Topic: Hashable {
    /// The platform does not answer as it should.
    case outage(platform: String)
    /// It does not take the login with the proof that stands there.
    case login(platform: String, login: String, credential: String)
    /// The login may not do what one service key needs.
    case role(platform: String, login: String, serviceKey: String)
  }

  private struct Trouble {
    var since: Date
    /// When it was noticed last.
    var last: Date
    var calls: Set<Call>
    /// Whether it was told.
    var isTold = false
    /// Where the ledger has it.
    var record: ScheduleKey?
  }

  private let context: RotationContext
  private var troubles: [Topic: Trouble] = [:]
  private var isRestored = false

  package init(context: RotationContext) { self.context = context }

  /// Takes note of a call that failed.
  ///
  /// - Throws: `LedgerError`.
  func note(_ failure: PlatformFailure, of caller: Caller, calling call: Call) async throws {
    await restore()
    switch failure.kind {
    case .unreachable, .unavailable, .malformed:
      let topic = Topic.outage(platform: caller.platform)
      let trouble = add(call, to: topic)
      // Whatever passes before the next attempt concerns nobody.
      guard !trouble.isTold, trouble.last.timeIntervalSince(trouble.since) >= Self.secondsToOutlast else { return }
      troubles[topic]?.isTold = true
      let span = TimeText.span(trouble.last.timeIntervalSince(trouble.since))
      try await tell(
        .platformUnavailable,
        "the platform \(caller.place) has not answered as it should for \(span): \(failure.words)",
        [.platform: caller.place, .reason: failure.words, .culprit: failure.culprit.rawValue], caller)
    case .loginRefused, .tooManyLogins, .unauthorized:
      try await answered(caller, call, acceptsLogin: false)
      try await tellLogin(
        .refused(caller), call,
        "\(caller.login) cannot log in to \(caller.place)", failure, caller)
    case .forbidden:
      try await answered(caller, call, acceptsLogin: false)
      try await tellLogin(
        .role(platform: caller.platform, login: caller.login, serviceKey: caller.serviceKey), call,
        "\(caller.login) lacks a role on \(caller.place)", failure, caller)
    case .missing, .nameTaken, .quotaExceeded, .busy, .refused, .ambiguous: try await answered(caller, call)
    case .rateLimited, .local, .cancelled: break
    }
  }

  /// Takes note of a call that was answered.
  ///
  /// - Throws: `LedgerError`.
  func answered(_ caller: Caller, _ call: Call, acceptsLogin: Bool = true) async throws {
    await restore()
    if acceptsLogin { try await noteLogin(caller, call) }
    guard let over = end(.outage(platform: caller.platform), call), over.isTold else { return }
    let since = over.since
    let span = TimeText.span(context.clock.now().timeIntervalSince(since))
    try await tell(
      .platformRecovered, "the platform \(caller.place) answers again, after \(span)",
      [.platform: caller.place, .reason: "it did not answer for \(span)", .since: EventTime.text(since)], caller)
  }

  /// Takes note that a login is accepted, and has the role for this call.
  private func noteLogin(_ caller: Caller, _ call: Call) async throws {
    let refused = troubles.removeValue(forKey: .refused(caller))
    let lacking = end(.role(platform: caller.platform, login: caller.login, serviceKey: caller.serviceKey), call)
    let replaced = await endReplaced(by: caller)
    guard let since = refused?.since ?? lacking?.since ?? replaced?.trouble.since else { return }
    let span = TimeText.span(context.clock.now().timeIntervalSince(since))
    let reason: String
    if refused != nil || (lacking == nil && replaced?.login == caller.login) {
      reason = "it was not accepted for \(span)"
    } else if lacking != nil {
      reason = "it lacked a role for \(span)"
    } else {
      reason = "it takes the place of \(replaced?.login ?? ""), which was of no use for \(span)"
    }
    try await tell(
      .loginRecovered, "\(caller.login) can log in to \(caller.place) and work there again: \(reason)",
      [
        .platform: caller.place, .login: caller.login, .reason: reason, .since: EventTime.text(since),
      ], caller)
    for record in Set([refused?.record, lacking?.record, replaced?.trouble.record].compactMap(\.self)) {
      try await keep(nil, since: since, at: record)
    }
  }

  /// Ends what was told for this service key of logins that the configuration does not use any more.
  ///
  /// - Returns: the one that lasted longest, and whose it was.
  private func endReplaced(by caller: Caller) async -> (trouble: Trouble, login: String)? {
    var over: [(trouble: Trouble, login: String)] = []
    let candidates = troubles.filter { topic, trouble in
      trouble.record?.subject.name == caller.serviceKey && topic.login != nil && !topic.concerns(caller)
    }
    guard !candidates.isEmpty else { return nil }
    let users = await context.landscape.configuration.serviceKeys.map(Caller.init)
    for (topic, trouble) in candidates where !users.contains(where: topic.concerns) {
      troubles[topic] = nil
      over.append((trouble, topic.login ?? ""))
    }
    return over.min { $0.trouble.since < $1.trouble.since }
  }

  /// Takes note that a call failed, and gives all that is known of the trouble.
  private func add(_ call: Call, to topic: Topic) -> Trouble {
    let now = context.clock.now()
    var trouble = troubles[topic] ?? Trouble(since: now, last: now, calls: [])
    // What failed once and long ago has nothing to do with this.
    if !trouble.isTold, now.timeIntervalSince(trouble.last) >= Self.secondsToForget { trouble.since = now }
    trouble.last = max(now, trouble.since)
    trouble.calls.insert(call)
    troubles[topic] = trouble
    return trouble
  }

  /// Ends a trouble when the calls that failed work, or none of them has failed for long.
  ///
  /// - Returns: what it was; nil when it goes on, and when there was none.
  private func end(_ topic: Topic, _ call: Call) -> Trouble? {
    guard var trouble = troubles[topic] else { return nil }
    trouble.calls.remove(call)
    // Whoever gives credentials has made the key, whatever became of the answer.
    if call == .credentials { trouble.calls.subtract([.create, .follow]) }
    let isOver =
      trouble.calls.isEmpty || context.clock.now().timeIntervalSince(trouble.last) >= Self.secondsToForget
    troubles[topic] = isOver ? nil : trouble
    return isOver ? trouble : nil
  }

  private func tellLogin(
    _ topic: Topic, _ call: Call, _ what: String, _ failure: PlatformFailure, _ caller: Caller
  ) async throws {
    let known = troubles[topic]
    let trouble = add(call, to: topic)
    let record = known?.record ?? ScheduleKey.login(topic.kind, serviceKey: caller.serviceKey)
    troubles[topic]?.isTold = true
    troubles[topic]?.record = record
    if !trouble.isTold { try await tellLogin(what, failure, caller) }
    if known?.calls != trouble.calls {
      try await keep(
        TroubleText.encode(topic.words + [TroubleText.joined(trouble.calls)]), since: trouble.since, at: record)
    }
  }

  private func keep(_ condition: String?, since: Date, at key: ScheduleKey) async throws {
    let after = condition.map { StoredSchedule.Condition($0, since: since) }
    try await context.ledger.record([StoredSchedule(key, .untouched, condition: after)])
    await context.landscape.setCondition(after, of: key)
  }

  /// Takes over what an earlier life of the daemon told of logins.
  private func restore() async {
    guard !isRestored else { return }
    let conditions = await context.landscape.conditions
    let users = await context.landscape.configuration.serviceKeys.map(Caller.init)
    // Somebody else may have been quicker.
    guard !isRestored else { return }
    isRestored = true
    for (key, condition) in conditions
    where Topic.kinds.contains(where: { key == .login($0, serviceKey: key.subject.name) }) {
      guard let words = TroubleText.decode(condition.name), let calls = words.last,
        let topic = Topic(Array(words.dropLast()), of: users.first { $0.serviceKey == key.subject.name })
      else { continue }
      troubles[topic] = Trouble(
        since: condition.since, last: context.clock.now(),
        calls: Set(calls.split(separator: ",").compactMap { Call(rawValue: String($0)) }), isTold: true, record: key)
    }
  }

  private func tellLogin(_ what: String, _ failure: PlatformFailure, _ caller: Caller) async throws {
    try await tell(
      .loginFailing, "\(what): \(failure.words)",
      [.platform: caller.place, .login: caller.login, .reason: failure.words, .culprit: failure.culprit.rawValue],
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
  /// Less than the shortest pause between two attempts, and more than all that are made at once.
  private static let secondsToOutlast: TimeInterval = 30
}

extension PlatformTroubles.Topic {
  fileprivate static let kinds = ["refused", "role"]

  /// Who logs in; nil for what concerns all who do.
  fileprivate var login: String? {
    switch self {
    case .outage: nil
    case .login(_, let login, _), .role(_, let login, _): login
    }
  }

  fileprivate func concerns(_ caller: PlatformTroubles.Caller) -> Bool {
    switch self {
    case .outage(let platform): platform == caller.platform
    case .login: self == .refused(caller)
    case .role(let platform, let login, let serviceKey):
      platform == caller.platform && login == caller.login && serviceKey == caller.serviceKey
    }
  }

  /// Under which name the ledger has it.
  fileprivate var kind: String { words[0] }

  /// As texts, from which `init` makes the same.
  fileprivate var words: [String] {
    switch self {
    case .outage(let platform): ["outage", platform]
    case .login(let platform, let login, let credential): ["refused", platform, login, credential]
    case .role(let platform, let login, let serviceKey): ["role", platform, login, serviceKey]
    }
  }

  /// That a login is refused.
  fileprivate static func refused(_ caller: PlatformTroubles.Caller) -> Self {
    .login(platform: caller.platform, login: caller.login, credential: caller.credential)
  }

  /// Ledgers of before do not say where the proof stands: where that of `caller` does, for whom it was told.
  fileprivate init?(_ words: [String], of caller: PlatformTroubles.Caller?) {
    switch (words.first, words.count) {
    case ("refused", 4): self = .login(platform: words[1], login: words[2], credential: words[3])
    case ("refused", 3): self = .login(platform: words[1], login: words[2], credential: caller?.credential ?? "")
    case ("role", 4): self = .role(platform: words[1], login: words[2], serviceKey: words[3])
    default: return nil
    }
  }
}

/// Texts in one, as the ledger keeps them: a JSON array.
private enum TroubleText {
  static func joined(_ calls: Set<PlatformTroubles.Call>) -> String {
    calls.map(\.rawValue).sorted().joined(separator: ",")
  }

  static func encode(_ words: [String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(words), as: UTF8.self)
  }

  /// Nil for anything else, which is then found anew.
  static func decode(_ text: String) -> [String]? { try? JSONDecoder().decode([String].self, from: Data(text.utf8)) }
}
