// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// One line of `certrotd plan`: what will happen to a subject, if the world stays as it is.
package struct ForecastEntry: Sendable, Equatable {
  package var subject: Subject
  package var what: What
  /// When it is done or happens; `now` if it is due already.
  package var dueAt: Date
  /// When what it renews stops working; `nil` for what renews nothing.
  package var lapsesAt: Date?
  /// One sentence.
  package var why: String

  /// The raw values occur in `--json` output and stay as they are.
  package enum What: String, Sendable, CaseIterable {
    /// The chain is fetched again; only the next time is listed.
    case refetch
    /// The server has to present a new certificate; nothing here can do that.
    case serverRenewal = "server-renewal"
    /// Somebody has to put a new service key or new PEM files in place.
    case replaceIdentity = "replace-identity"
    /// A self-signed identity is made anew, or a key on the platform is renewed.
    case renewIdentity = "renew-identity"
    case write
    /// An old key on the platform, whose overlap is over, is deleted there.
    case deleteKey = "delete-key"
    /// Somebody has to put another certificate or binding in place that certrotd logs in to the platform with.
    case replaceLogin = "replace-login"
    /// A trusted certificate that nothing needs any more leaves the trust list.
    case dropTrust = "drop-trust"
    case runHook = "run-hook"
    /// The files in force are tried.
    case confirm
    /// A service key, or the PEM files of an identity, are read again; only the next time is listed.
    case readFiles = "read-files"
    /// The keys on the platform are compared with those that are known; no forecast lists it.
    case surveyKeys = "survey-keys"
    /// A PSE of others is taken over; no forecast lists it.
    case adopt

    /// Whether it only finds out what others did.
    package var isLook: Bool { self == .refetch || self == .readFiles }
  }
}

extension Planner {
  /// What will happen from `now` to `until`, in the order of time.
  package static func forecast(
    _ configuration: Configuration, _ inventory: Inventory, now: Date, until: Date
  ) -> [ForecastEntry] {
    let forecaster = Forecaster(
      configuration: configuration, inventory: inventory, now: now, until: until,
      plan: plan(configuration, inventory, now: now))
    let entries =
      configuration.endpoints.flatMap(forecaster.entries) + configuration.serviceKeys.flatMap(forecaster.entries)
      + configuration.keystores.flatMap(forecaster.entries) + forecaster.hooks()
    return entries.filter { $0.dueAt <= until }
      .sorted { ($0.dueAt, $0.subject, $0.what.rawValue) < ($1.dueAt, $1.subject, $1.what.rawValue) }
  }
}

private struct Forecaster {
  let configuration: Configuration
  let inventory: Inventory
  let now: Date
  let until: Date
  let plan: Plan

  func entries(_ endpoint: EndpointSettings) -> [ForecastEntry] {
    let state = inventory.endpoints[endpoint.name] ?? EndpointState()
    let cadence = Cadence.probe(endpoint.name, every: endpoint.refetchEvery, installation: inventory.installation)
    let next = cadence.due(state.schedule, now: now).map { max($0, now) } ?? now
    let subject = Subject.endpoint(endpoint.name)
    var entries = [
      ForecastEntry(
        subject: subject, what: .refetch, dueAt: next, lapsesAt: nil,
        why: next > now ? waiting(state.schedule, endpoint.refetchEvery) : "\(Reason.attempt(state.schedule, now: now))"
      )
    ]
    if let leaf = state.verifiedPath?.leaf {
      entries.append(
        ForecastEntry(
          subject: subject, what: .serverRenewal, dueAt: max(now, leaf.notAfter), lapsesAt: leaf.notAfter,
          why: "the server certificate \(leaf.subject) ends"))
    }
    return entries
  }

  func entries(_ serviceKey: ServiceKeySettings) -> [ForecastEntry] {
    let state = inventory.serviceKeys[serviceKey.name] ?? SourceState()
    guard serviceKey.source.platformKey == nil else { return onPlatform(serviceKey, state) }
    let subject = Subject.serviceKey(serviceKey.name)
    let reading = reading(subject, "service-key/\(serviceKey.name)", state.schedule)
    guard let identity = state.identity else { return [reading] }
    return [reading, replacement(subject, identity, serviceKey.renewBefore, what: "a new service key")]
  }

  /// The next look at files that are noticed at once when they change.
  private func reading(_ subject: Subject, _ name: String, _ schedule: Schedule) -> ForecastEntry {
    let next =
      Cadence.reading(name, configuration.defaults, installation: inventory.installation).due(schedule, now: now) ?? now
    return ForecastEntry(
      subject: subject, what: .readFiles, dueAt: max(now, next), lapsesAt: nil,
      why: next > now
        ? waiting(schedule, configuration.defaults.refetchEvery) : "\(Reason.attempt(schedule, now: now))")
  }

  /// Why the next attempt is not earlier.
  private func waiting(_ schedule: Schedule, _ interval: Duration) -> String {
    guard schedule.failures > 0 else { return "refetch-every \(TimeText.span(Cadence.seconds(interval))) is over then" }
    let attempts = schedule.failures == 1 ? "attempt" : "attempts"
    return "it is tried again after \(schedule.failures) failed \(attempts): \(schedule.reason)"
  }

  /// What comes for a key that is made on the platform, and for the login that makes it.
  private func onPlatform(_ serviceKey: ServiceKeySettings, _ state: SourceState) -> [ForecastEntry] {
    let subject = Subject.serviceKey(serviceKey.name)
    var entries: [ForecastEntry] = []
    if let rotation = state.rotation, !rotation.isResting {
      entries.append(
        ForecastEntry(
          subject: subject, what: .renewIdentity,
          dueAt: PlatformKeyPlanner.next(serviceKey, state, configuration, inventory, now: now)?.at ?? now,
          lapsesAt: state.identity?.notAfter, why: rotation.account))
    } else if let identity = state.identity {
      let due = RenewalPoint.due(identity, renewBefore: serviceKey.renewBefore, now: now)
      entries.append(
        ForecastEntry(
          subject: subject, what: .renewIdentity, dueAt: max(now, due), lapsesAt: identity.notAfter,
          why: state.request ?? renewalReason(serviceKey, identity, due)))
    }
    entries += KeyDeletion.expected(serviceKey, state, configuration, inventory, now: now).map { deletion in
      ForecastEntry(subject: subject, what: .deleteKey, dueAt: deletion.at, lapsesAt: nil, why: deletion.why)
    }
    return entries + loginEntries(serviceKey, state)
  }

  private func renewalReason(_ serviceKey: ServiceKeySettings, _ identity: IdentityState, _ due: Date) -> String {
    let usual = RenewalPoint.due(
      notBefore: identity.notBefore, notAfter: identity.leafNotAfter, renewBefore: serviceKey.renewBefore)
    guard usual < due, let acceptedAt = identity.acceptedAt else {
      return
        "renew-before \(serviceKey.renewBefore) is reached\(identity.sinceLimit); a new key is made on the platform"
    }
    return
      "renew-before \(serviceKey.renewBefore) was reached at \(TimeText.instant(usual)), but the key was taken over only "
      + "at \(TimeText.instant(acceptedAt)), and is used for a part of what was left of it before another one is made"
  }

  /// The end of a login, once for all service keys that use it.
  private func loginEntries(_ serviceKey: ServiceKeySettings, _ state: SourceState) -> [ForecastEntry] {
    guard let login = state.login,
      configuration.serviceKeys.first(where: { inventory.serviceKeys[$0.name]?.login == login })?.name
        == serviceKey.name
    else { return [] }
    if case .serviceManager(let source) = serviceKey.source,
      configuration.serviceKeys.contains(where: { $0.renews(source.binding) })
    {
      return []
    }
    let due = RenewalPoint.due(
      notBefore: login.notBefore, notAfter: login.notAfter, renewBefore: serviceKey.renewBefore)
    let users = configuration.serviceKeys.map(\.name).filter { inventory.serviceKeys[$0]?.login == login }
    let named = users.prefix(Self.usersNamed).joined(separator: ", ")
    let more = users.count > Self.usersNamed ? " and \(users.count - Self.usersNamed) more" : ""
    return [
      ForecastEntry(
        subject: .serviceKey(serviceKey.name), what: .replaceLogin, dueAt: max(now, due), lapsesAt: login.notAfter,
        why: "the certificate that certrotd logs in with, \(login.subject), must be replaced before it ends; "
          + (users.count == 1
            ? "service key \(named) is made with it" : "service keys \(named)\(more) are made with it"))
    ]
  }

  func entries(_ keystore: KeystoreSettings) -> [ForecastEntry] {
    let subject = Subject.keystore(keystore.name)
    let state = inventory.keystores[keystore.name] ?? KeystoreState()
    var entries: [ForecastEntry] = []
    switch keystore.identity {
    case .selfSigned(let settings): entries += renewals(keystore, state, settings)
    case .pem:
      entries.append(reading(subject, "identity/\(keystore.name)", state.identitySchedule))
      if let identity = keystore.ownIdentity(in: state) {
        entries.append(replacement(subject, identity, keystore.renewBefore, what: "new identity files"))
      }
    case nil, .serviceKey: break
    }
    if keystore.identity == nil, let adopted = keystore.identityInForce(inventory, now: now) {
      entries.append(replacement(subject, adopted, keystore.renewBefore, what: "another identity"))
    }
    let trust = TrustPlanner.wanted(keystore, inventory, now: now)
    let decision = WritePlanner.decide(keystore, inventory, trust: trust, now: now)
    if let left = leftBehind(keystore, state, decision) { entries.append(left) }
    if case .write(let content, let reason) = decision {
      let time = WritePlanner.time(keystore, content, reason, trust, inventory, now: now)
      let wait = WriteWindow.wait(for: .write(content, reason), keystore, trust, inventory, now)
      entries.append(
        ForecastEntry(
          subject: subject, what: .write, dueAt: max(now, time),
          lapsesAt: state.current.flatMap { [$0.identity?.notAfter, $0.trustNotAfter].compactMap(\.self).min() },
          why: wait.map { "\(reason); \($0.sentence)" } ?? "\(reason)"))
    }
    if let confirmation = keystore.confirmation(in: state), let current = state.current,
      let time = ConfirmationPlanner.time(keystore, inventory, now: now)
    {
      entries.append(
        ForecastEntry(
          subject: subject, what: .confirm, dueAt: max(now, time), lapsesAt: nil,
          why: confirmation.sentence(current.number)))
    }
    for member in trust.members {
      guard let last = member.lastNeeded, let leaves = trust.departures[member.fingerprint] else { continue }
      entries.append(
        ForecastEntry(
          subject: subject, what: .dropTrust, dueAt: max(now, leaves), lapsesAt: nil,
          why: "nothing needs \(member.certificate.subject) since \(TimeText.instant(last))"))
    }
    return entries
  }

  func hooks() -> [ForecastEntry] {
    inventory.hooks.compactMap { hook in
      guard configuration.keystore(named: hook.keystore) != nil else { return nil }
      let cadence = Cadence.once("hook/\(hook.id)", installation: inventory.installation)
      return cadence.due(hook.schedule, now: now).map { time in
        ForecastEntry(
          subject: .keystore(hook.keystore), what: .runHook, dueAt: max(now, time), lapsesAt: nil,
          why: hook.schedule.failures > 0
            ? "it failed: \(hook.schedule.reason)"
            : "\(Reason.hookOwed(keystore: hook.keystore, generation: hook.generation))")
      }
    }
  }

  private func replacement(
    _ subject: Subject, _ identity: IdentityState, _ renewBefore: RenewBefore, what: String
  ) -> ForecastEntry {
    replacement(subject, identity, renewBefore, why: "\(what) must be put in place before \(identity.whatEnds) ends")
  }

  private func replacement(
    _ subject: Subject, _ identity: IdentityState, _ renewBefore: RenewBefore, why: String
  ) -> ForecastEntry {
    let due = RenewalPoint.due(notBefore: identity.notBefore, notAfter: identity.notAfter, renewBefore: renewBefore)
    return ForecastEntry(
      subject: subject, what: .replaceIdentity, dueAt: max(now, due), lapsesAt: identity.notAfter, why: why)
  }

  /// The identity in the files, where its source has none or another one that is not about to take its place.
  private func leftBehind(
    _ keystore: KeystoreSettings, _ state: KeystoreState, _ decision: WriteDecision
  ) -> ForecastEntry? {
    guard let current = state.current, let written = current.identity else { return nil }
    let source = keystore.identityInForce(inventory, now: now)
    guard source?.leaf != written.leaf else { return nil }
    if case .write(let content, _) = decision, content.identityLeaf != written.leaf { return nil }
    // The one that certrotd makes is listed as its renewal.
    if source == nil, case .selfSigned = keystore.identity { return nil }
    let what = "nothing takes the place of the identity in the files of generation \(current.number)"
    let why =
      switch decision {
      case .held: "\(what), which was rolled back to, before what is wanted changes"
      case .waiting(let sentence): "\(what): \(sentence)"
      case .stuck(let standstill): "\(what): \(standstill.sentence)"
      case .upToDate, .write: what
      }
    return replacement(.keystore(keystore.name), written, keystore.renewBefore, why: why)
  }

  /// This renewal and those that follow from it.
  private func renewals(
    _ keystore: KeystoreSettings, _ state: KeystoreState, _ settings: SelfSignedSettings
  ) -> [ForecastEntry] {
    var (due, reason) = IdentityPlanner.renewal(keystore, state, now: now)
    var lapse = keystore.identityToRenew(in: state)?.notAfter
    var entries: [ForecastEntry] = []
    // A life of minutes over a span of years would be no overview.
    while due <= until, entries.count < Self.renewalsListed {
      let start = max(now, due)
      entries.append(
        ForecastEntry(
          subject: .keystore(keystore.name), what: .renewIdentity, dueAt: start, lapsesAt: lapse,
          why: due <= now ? "\(reason)" : "renew-before \(keystore.renewBefore) is reached"))
      let end = start.addingTimeInterval(max(60, Cadence.seconds(settings.validFor)))
      due = RenewalPoint.due(notBefore: start, notAfter: end, renewBefore: keystore.renewBefore)
      lapse = end
    }
    return entries
  }

  private static let renewalsListed = 100
  private static let usersNamed = 5
}
