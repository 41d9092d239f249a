// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// When identities are read again or made anew.
enum IdentityPlanner {
  static func plan(_ serviceKey: ServiceKeySettings, _ context: PlanningContext, into draft: inout PlanDraft) {
    let state = context.inventory.serviceKeys[serviceKey.name] ?? SourceState()
    guard serviceKey.source.platformKey == nil else { return planTending(serviceKey, state, context, into: &draft) }
    let cadence = Cadence.reading(
      "service-key/\(serviceKey.name)", context.configuration.defaults, installation: context.inventory.installation)
    planReading(
      .readServiceKey(serviceKey.name), state.schedule, of: state.identity, cadence, context.now, into: &draft)
  }

  private static func planTending(
    _ serviceKey: ServiceKeySettings, _ state: SourceState, _ context: PlanningContext, into draft: inout PlanDraft
  ) {
    let decision = PlatformKeyPlanner.decide(serviceKey, context.configuration, context.inventory, now: context.now)
    let reason: Reason
    switch decision {
    case .wait(let until): return draft.wake(at: until)
    case .begin(_, let why), .survey(let why): reason = why
    case .act, .finish: reason = .rotationGoesOn(phase: state.rotation?.phase ?? "")
    }
    let identity = state.identity
    let lastTenth = identity.map { LastTenth.start(notBefore: $0.notBefore, notAfter: $0.notAfter) }
    draft.add(
      .tendServiceKey(serviceKey.name), at: context.now, lapsesAt: identity?.notAfter,
      urgency: isLogin(serviceKey) ? .urgent : .since(lastTenth, now: context.now), because: reason)
  }

  /// Whether certrotd itself logs in with the key: without it no other one can be renewed.
  private static func isLogin(_ serviceKey: ServiceKeySettings) -> Bool {
    guard case .serviceManager(let source) = serviceKey.source else { return false }
    return serviceKey.renews(source.binding)
  }

  static func plan(_ keystore: KeystoreSettings, _ context: PlanningContext, into draft: inout PlanDraft) {
    let state = context.inventory.keystores[keystore.name] ?? KeystoreState()
    let installation = context.inventory.installation
    switch keystore.identity {
    case nil, .serviceKey: return
    case .pem:
      let cadence = Cadence.reading(
        "identity/\(keystore.name)", context.configuration.defaults, installation: installation)
      let identity = keystore.ownIdentity(in: state)
      // An identity that was read from other files says nothing about these.
      let schedule =
        identity == nil && state.identity != nil && state.identitySchedule.failures == 0
        ? state.identitySchedule.released(reason: "\(Reason.identitySettingsChanged)") : state.identitySchedule
      planReading(
        .readIdentityFiles(keystore: keystore.name), schedule, of: identity, cadence, context.now, into: &draft)
    case .selfSigned:
      // It may bring an identity.
      guard !keystore.awaitsAdoption(state) else { return }
      planRenewal(
        keystore, state, .once("renew/\(keystore.name)", installation: installation), context.now, into: &draft)
    }
  }

  private static func planReading(
    _ work: Work, _ schedule: Schedule, of identity: IdentityState?, _ cadence: Cadence, _ now: Date,
    into draft: inout PlanDraft
  ) {
    let lastTenth = identity.map { LastTenth.start(notBefore: $0.notBefore, notAfter: $0.notAfter) }
    guard let time = cadence.due(schedule, now: now, urgentFrom: lastTenth) else { return }
    draft.add(
      work, at: time, lapsesAt: identity?.notAfter, urgency: .since(lastTenth, now: now),
      because: .attempt(schedule, now: now))
  }

  private static func planRenewal(
    _ keystore: KeystoreSettings, _ state: KeystoreState, _ cadence: Cadence, _ now: Date, into draft: inout PlanDraft
  ) {
    let (start, reason) = renewal(keystore, state, now: now)
    guard start <= now else { return draft.foresee(.renewSelfSigned(keystore: keystore.name), at: start) }
    let schedule = state.identitySchedule
    let identity = keystore.identityToRenew(in: state)
    let lastTenth = identity.map { LastTenth.start(notBefore: $0.notBefore, notAfter: $0.notAfter) }
    var time = start
    if schedule.failures > 0 {
      time = max(time, cadence.due(schedule, now: now, urgentFrom: lastTenth) ?? time)
    } else if reason != .identitySettingsChanged, let last = schedule.lastAttempt, last <= now {
      // However short its life, a new identity is not replaced within the shortest interval.
      time = max(time, last.addingTimeInterval(Cadence.seconds(Backoff.shortest)))
    }
    draft.add(
      .renewSelfSigned(keystore: keystore.name), at: time, lapsesAt: identity?.notAfter,
      urgency: .since(lastTenth, now: now), because: reason)
  }

  /// From when on a self-signed identity is to be made, and why.
  static func renewal(_ keystore: KeystoreSettings, _ state: KeystoreState, now: Date) -> (Date, Reason) {
    guard let identity = keystore.identityToRenew(in: state) else {
      return (now, state.identity == nil ? .noIdentityYet : .identitySettingsChanged)
    }
    // Made by a clock that was ahead: no consumer accepts it yet.
    if identity.notBefore.timeIntervalSince(now) > toleratedSkew {
      return (now, .notYetValid(notBefore: identity.notBefore))
    }
    let start = RenewalPoint.due(
      notBefore: identity.notBefore, notAfter: identity.notAfter, renewBefore: keystore.renewBefore)
    return (start, .renewalPoint(of: identity, now: now))
  }

  /// Seconds by which the clock may be set back without a new identity.
  private static let toleratedSkew: TimeInterval = 300
}

extension KeystoreSettings {
  /// Whether the keystore has an identity of its own, and so a schedule for it.
  var hasOwnIdentity: Bool {
    switch identity {
    case nil, .serviceKey: false
    case .selfSigned, .pem: true
    }
  }

  /// The self-signed or PEM identity that was made by the settings as they are now.
  func ownIdentity(in state: KeystoreState) -> IdentityState? {
    switch identity {
    case nil, .serviceKey: nil
    case .some(let source): state.identity.flatMap { $0.recipe == source.recipe ? $0 : nil }
    }
  }
}

extension KeystoreSettings {
  /// What a new self-signed identity takes the place of.
  func identityToRenew(in state: KeystoreState) -> IdentityState? {
    guard let adopted = adoption(in: state)?.identity, state.identity?.leaf == adopted.leaf else {
      return ownIdentity(in: state)
    }
    return adopted
  }
}

extension Urgency {
  static func since(_ lastTenth: Date?, now: Date) -> Urgency {
    lastTenth.map { $0 <= now ? .urgent : .routine } ?? .routine
  }
}
