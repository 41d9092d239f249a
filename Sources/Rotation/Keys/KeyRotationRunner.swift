// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import Journal
import Ledger
import Logging
import Planning
import ServiceKeys
import Settings

/// Renews keys on the platform, one recorded step after the other.
struct KeyRotationRunner: Sendable {
  let context: RotationContext
  let access: PlatformAccess
  let identities: KeyIdentityActions
  let surveyor: KeySurveyor
  let progress: KeyProgressBoard
  let checkpoint: any RotationCheckpoint

  /// Does for `name` whatever is due, up to the next wait.
  ///
  /// - Throws: `LedgerError`; `CancellationError` when the daemon ends.
  func run(_ name: String) async throws {
    var reached: PlatformAccess.Reached?
    for _ in 0..<Self.mostSteps {
      try Task.checkCancellation()
      let configuration = await context.landscape.configuration
      guard let settings = configuration.serviceKey(named: name), settings.source.platformKey != nil else { return }
      let inventory = await context.landscape.inventory
      switch PlatformKeyPlanner.decide(settings, configuration, inventory, now: context.clock.now()) {
      case .wait: return
      case .begin(let rotation, let reason): try await begin(rotation, settings, because: reason)
      case .act(let action): try await step(action, settings, &reached)
      case .finish: try await finish(settings)
      case .survey:
        guard let following = try await surveyor.survey(settings, &reached) else { continue }
        try await begin(following, settings, because: PeerRenewal.reason)
      }
    }
  }

  /// Records a rotation that begins, in place of one that is over.
  func begin(_ beginning: KeyRotation, _ settings: ServiceKeySettings, because reason: Reason) async throws {
    let subject = LedgerSubject(.serviceKey, settings.name)
    var rotation = beginning
    rotation.isLossTold = try await tellLoss(rotation, settings) ? true : nil
    // A daemon that was killed before it recorded the rotation begins it again.
    let last = try await context.ledger.history(subject, limit: 1).first
    let isTold = last.map { $0.event == Event.keyDue.rawValue && $0.at > context.clock.now() - Self.secondsToBegin }
    if isTold != true { try await context.tell([KeyNews.due(settings, rotation, because: reason)], of: subject) }
    try await record(rotation, of: settings, keys: [])
    await context.landscape.update { inventory in
      inventory.serviceKeys[settings.name]?.request = nil
      inventory.serviceKeys[settings.name]?.isLossToTell = false
    }
  }

  /// Tells that the key in force is gone before what follows from it, where that was found by looking at the keys.
  private func tellLoss(_ rotation: KeyRotation, _ settings: ServiceKeySettings) async throws -> Bool {
    guard let state = await context.landscape.inventory.serviceKeys[settings.name], state.isLossToTell,
      let key = rotation.predecessor, let guid = key.guid
    else { return false }
    let now = context.clock.now()
    let lost = KeyNews.raised(
      .lost(name: key.name ?? guid, guid: guid), settings, identity: state.identity, hasKeyInForce: false, now: now)
    try await context.tellOnce(
      [lost], of: LedgerSubject(.serviceKey, settings.name), since: now - Self.secondsToBegin)
    return true
  }

  private func step(
    _ action: KeyAction, _ settings: ServiceKeySettings, _ reached: inout PlatformAccess.Reached?
  ) async throws {
    guard let rotation = await context.landscape.inventory.serviceKeys[settings.name]?.rotation else { return }
    do throws(PlatformFailure) {
      // Nothing is intended before there is a platform to do it.
      if action.asksPlatform { reached = try await access.reach(settings, reached) }
    } catch {
      // Whether an earlier request was done is as unknown as before.
      var failure = KeyFailure(error)
      if case .find = action { failure.mayHaveHappened = true }
      return try await conclude(.failed(failure), rotation, settings, instance: nil)
    }
    let intended = rotation.intending(action, now: context.clock.now())
    let instance = reached?.instance.guid
    if intended != rotation {
      let keys = try await changes(from: rotation, to: intended, settings, instance: instance)
      try await record(intended, of: settings, keys: keys)
    }
    progress.tell(.step(KeyNews.intention(action)), of: settings.name)
    switch action {
    case .read(let guid): try await read(guid, intended, settings, reached)
    case .examine(let guid):
      let examined = try await identities.examine(
        guid, settings, mayEndEarlier: intended.mayEndEarlier == true || intended.isPredecessorGone,
        isAdoption: intended.isAdoption)
      try await conclude(examined.outcome, intended, settings, instance: instance, leaf: examined.leaf)
    case .verify(let guid):
      let outcome = try await identities.verify(guid, settings)
      try await conclude(outcome, intended, settings, instance: instance)
    case .deliver(let guid):
      let due = await rotationContext(settings).successorDue
      let outcome = try await identities.deliver(
        guid, settings, isOverdue: due.map { $0 <= context.clock.now() } ?? false)
      try await conclude(outcome, intended, settings, instance: instance)
    case .delete(let guid):
      guard let reached else { return }
      try await delete(guid, intended, settings, reached, isFirst: intended != rotation)
    case .look, .find, .create, .follow:
      guard let reached else { return }
      let useless = await useless(settings.name)
      guard var outcome = await reached.actions.perform(action, givenUp: useless) else { return }
      if case .find = action, case .failed(var failure) = outcome {
        failure.mayHaveHappened = true
        outcome = .failed(failure)
      }
      try await conclude(outcome, intended, settings, instance: instance)
    }
  }

  /// Deletes a key, once it is certain that the platform still has the one that took its place.
  ///
  /// With `isFirst` nobody here can have asked for it before.
  private func delete(
    _ guid: String, _ rotation: KeyRotation, _ settings: ServiceKeySettings, _ reached: PlatformAccess.Reached,
    isFirst: Bool
  ) async throws {
    let instance = reached.instance.guid
    let known = try await context.ledger.platformKeys(of: settings.name).first { $0.guid == guid }
    let outcome: KeyOutcome?
    if let known, known.instance != instance {
      outcome = .elsewhere
    } else {
      let found = await reached.actions.perform(.delete(guid: guid), besides: rotation.newKey?.guid)
      outcome = if case .vanished? = found, !isFirst { .deleted } else { found }
    }
    guard let outcome else { return }
    if case .successorGone = outcome, let key = rotation.newKey {
      let reason = "the key \(key.name) is no longer on the platform"
      await context.landscape.update { inventory in
        inventory.serviceKeys[settings.name]?.request = reason
        inventory.serviceKeys[settings.name]?.isLossToTell = true
      }
    }
    try await conclude(outcome, rotation, settings, instance: instance)
  }

  /// Reads the credentials: sealed in the ledger together with the state that says so.
  private func read(
    _ guid: String, _ rotation: KeyRotation, _ settings: ServiceKeySettings, _ reached: PlatformAccess.Reached?
  ) async throws {
    guard let reached else { return }
    let credentials: SecretBytes
    do throws(PlatformFailure) {
      credentials = try await reached.platform.credentials(of: guid)
    } catch {
      let outcome: KeyOutcome =
        switch error.kind {
        case .missing: .notReady
        case .malformed: .unreadable(words: error.words)
        default: .failed(KeyFailure(error))
        }
      return try await conclude(outcome, rotation, settings, instance: reached.instance.guid)
    }
    try await conclude(
      .credentialsHeld, rotation, settings, instance: reached.instance.guid, credentials: credentials)
  }

  /// Records what an action came to, and tells of it first: told twice after a crash is better than never.
  ///
  /// What the history of this rotation has already was told before a crash that came between the two, and is not told again.
  private func conclude(
    _ outcome: KeyOutcome, _ rotation: KeyRotation, _ settings: ServiceKeySettings, instance: String?,
    leaf: Fingerprint? = nil, credentials: SecretBytes? = nil
  ) async throws {
    // A daemon that ends has asked nobody: what was intended is found again at the next start.
    if case .failed = outcome { try Task.checkCancellation() }
    var facts = await rotationContext(settings)
    facts.isPredecessorElsewhere = try await isElsewhere(rotation, settings, instance)
    let (after, events) = rotation.applying(outcome, facts, now: context.clock.now())
    var keys = try await changes(from: rotation, to: after, settings, instance: instance)
    if let leaf, let guid = after.newKey?.guid {
      // Examination gives it the serial number and the end, so that it is among those that change.
      for index in keys.indices where keys[index].guid == guid { keys[index].leaf = leaf }
    }
    let inventory = await context.landscape.inventory
    let identity = inventory.serviceKeys[settings.name]?.identity
    var news = events.map {
      KeyNews.raised(
        $0, settings, identity: identity, hasKeyInForce: !after.isPredecessorGone, now: context.clock.now())
    }
    if let failed = KeyNews.attemptFailed(from: rotation, to: after, telling: events, settings) { news.append(failed) }
    try await context.tellOnce(news, of: LedgerSubject(.serviceKey, settings.name), since: rotation.begunAt)
    try await checkpoint.pass(point(settings, after.phase, .beforeRecording))
    if let credentials, let guid = after.newKey?.guid {
      let known = try await context.ledger.platformKeys(of: settings.name)
      guard let key = (keys + known).first(where: { $0.guid == guid }) else {
        preconditionFailure("a key whose credentials are read is recorded before")
      }
      try await keep(credentials, of: key, after, settings)
    } else {
      try await write(after, of: settings, keys: keys)
    }
    try await noteAttempt(after, events, settings)
    tellProgress(from: rotation, to: after, events, settings)
  }

  /// Records when a renewal was last tried, and when one last worked, which outlives the rotation.
  private func noteAttempt(
    _ rotation: KeyRotation, _ events: [KeyRotationEvent], _ settings: ServiceKeySettings
  ) async throws {
    let now = context.clock.now()
    let before = await context.landscape.inventory.serviceKeys[settings.name]?.renewals ?? .untouched
    let after: Schedule
    if events.contains(where: { if case .renewed = $0 { true } else { false } }) {
      after = Schedule(lastAttempt: now, lastSuccess: now)
      try await excuseSurvey(settings)
    } else if case .failed(let failure) = rotation.standing, !rotation.isResting {
      after = Schedule(
        lastAttempt: now, lastSuccess: before.lastSuccess, failures: failure.attempts, reason: failure.reason)
    } else if case .abandoned = rotation.state {
      after = Schedule(lastAttempt: now, lastSuccess: before.lastSuccess)
    } else {
      return
    }
    await context.landscape.update { $0.serviceKeys[settings.name]?.renewals = after }
    _ = try await context.record(after, of: .renewServiceKey(settings.name), condition: nil)
  }

  /// A renewal that has worked has reached the platform: that an earlier look at the keys did not is over.
  ///
  /// What else kept that look from its end shows again when it is repeated, at the time that was planned.
  private func excuseSurvey(_ settings: ServiceKeySettings) async throws {
    guard let before = await context.landscape.inventory.serviceKeys[settings.name]?.schedule, before.failures > 0
    else { return }
    let excused = before.excused()
    await context.landscape.update { $0.serviceKeys[settings.name]?.schedule = excused }
    _ = try await context.record(excused, of: .readServiceKey(settings.name), condition: nil)
  }

  /// Whether the key in force was made in another service instance than the configuration names now.
  private func isElsewhere(
    _ rotation: KeyRotation, _ settings: ServiceKeySettings, _ instance: String?
  ) async throws -> Bool {
    guard rotation.state == .due, let instance, let guid = rotation.predecessor?.guid else { return false }
    return try await context.ledger.platformKeys(of: settings.name).contains {
      $0.guid == guid && $0.instance != instance
    }
  }

  private func keep(
    _ credentials: SecretBytes, of key: PlatformKeyRecord, _ rotation: KeyRotation, _ settings: ServiceKeySettings
  ) async throws {
    try await context.ledger.keepCredentials(
      credentials, of: key, serviceKey: settings.name, phase: rotation.phase,
      state: try KeyRotationText.encode(rotation),
      at: context.clock.now())
    try await remember(rotation, settings)
  }

  private func record(
    _ rotation: KeyRotation, of settings: ServiceKeySettings, keys: [PlatformKeyRecord]
  ) async throws {
    try await checkpoint.pass(point(settings, rotation.phase, .beforeRecording))
    try await write(rotation, of: settings, keys: keys)
  }

  private func write(
    _ rotation: KeyRotation, of settings: ServiceKeySettings, keys: [PlatformKeyRecord]
  ) async throws {
    try await context.ledger.recordRotation(
      of: settings.name, phase: rotation.phase, state: try KeyRotationText.encode(rotation), keys: keys,
      at: context.clock.now())
    try await remember(rotation, settings)
  }

  private func remember(_ rotation: KeyRotation, _ settings: ServiceKeySettings) async throws {
    let keys = try await context.ledger.platformKeys(of: settings.name).map(PlatformKeyState.init)
    await context.landscape.update { inventory in
      inventory.serviceKeys[settings.name, default: SourceState()].rotation = rotation
      inventory.serviceKeys[settings.name]?.keys = keys
    }
    try await checkpoint.pass(point(settings, rotation.phase, .afterRecording))
  }

  /// Puts a rotation away that is over; a key that it leaves behind is the surveyor's.
  private func finish(_ settings: ServiceKeySettings) async throws {
    try await checkpoint.pass(point(settings, Self.putAway, .beforeRecording))
    try await context.ledger.recordRotation(
      of: settings.name, phase: Self.putAway, state: nil, at: context.clock.now())
    await context.landscape.update { $0.serviceKeys[settings.name]?.rotation = nil }
    try await checkpoint.pass(point(settings, Self.putAway, .afterRecording))
  }

  private func rotationContext(_ settings: ServiceKeySettings) async -> KeyRotationContext {
    let configuration = await context.landscape.configuration
    return PlatformKeyPlanner.context(
      settings, configuration, await context.landscape.inventory,
      installation: PlatformAccess.mark(of: settings, configuration).installation, now: context.clock.now())
  }

  private func changes(
    from before: KeyRotation, to after: KeyRotation, _ settings: ServiceKeySettings, instance: String?
  ) async throws -> [PlatformKeyRecord] {
    let known = try await context.ledger.platformKeys(of: settings.name)
    return KeyRecords.changed(from: before, to: after, known: known, instance: instance ?? known.first?.instance ?? "")
  }

  /// Keys that must not be taken for a successor of the one in force.
  private func useless(_ name: String) async -> Set<String> {
    let keys = await context.landscape.inventory.serviceKeys[name]?.keys ?? []
    return Set(keys.filter { $0.role != .inFlight && $0.role != .inForce }.map(\.guid))
  }

  private func tellProgress(
    from before: KeyRotation, to rotation: KeyRotation, _ events: [KeyRotationEvent], _ settings: ServiceKeySettings
  ) {
    for case .renewed(let name, let end) in events {
      progress.tell(
        .ended(succeeded: true, "\(name) is in force until \(TimeText.instant(end))"), of: settings.name)
    }
    // What failed before and was not put right by this step is no answer to whoever asks for another attempt.
    guard rotation.standing != before.standing else { return }
    switch rotation.standing {
    case .failed(let failure) where rotation.phase == "abandoned":
      progress.tell(.ended(succeeded: false, "\(failure.reason); the key in force stays"), of: settings.name)
    // Nobody waits for that long at a command.
    case .waiting(let until, let reason) where until > context.clock.now() + Self.secondsToWatch:
      progress.tell(
        .resting(until: until, "\(reason); looked at again at \(TimeText.instant(until))"), of: settings.name)
    case .failed(let failure) where rotation.newKey == nil || rotation.phase != "deleting":
      progress.tell(
        .ended(succeeded: false, "\(failure.reason); \(failure.prospect)"), of: settings.name)
    case .waiting(_, let reason): progress.tell(.step(reason), of: settings.name)
    default: break
    }
  }

  private func point(
    _ settings: ServiceKeySettings, _ phase: String, _ moment: RotationPoint.Moment
  ) -> RotationPoint {
    RotationPoint(serviceKey: settings.name, phase: phase, moment: moment)
  }

  /// More steps than a renewal has, so that nothing turns for ever.
  private static let mostSteps = 50
  private static let putAway = "put-away"
  /// Within which a rotation that was told as due and is not recorded is one that was cut off.
  private static let secondsToBegin: TimeInterval = 3600
  private static let secondsToWatch: TimeInterval = 900
}

extension KeyAction {
  /// Whether it takes a call of the platform's interface.
  var asksPlatform: Bool {
    switch self {
    case .look, .find, .create, .follow, .read, .delete: true
    case .examine, .verify, .deliver: false
    }
  }
}
