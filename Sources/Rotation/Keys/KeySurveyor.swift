// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
import ServiceKeys
import Settings

/// Compares the keys on the platform with those that the ledger knows, and removes what nothing uses any more.
struct KeySurveyor: Sendable {
  let context: RotationContext
  let access: PlatformAccess

  /// One look; what came of it is in the service key's schedule.
  ///
  /// - Returns: the rotation that begins, since another installation has renewed the key.
  /// - Throws: `LedgerError`.
  func survey(
    _ settings: ServiceKeySettings, _ reached: inout PlatformAccess.Reached?
  ) async throws -> KeyRotation? {
    let name = settings.name
    let now = context.clock.now()
    let before = await context.landscape.inventory.serviceKeys[name] ?? SourceState()
    let cadence = await context.landscape.cadence(of: .tendServiceKey(name))
    var schedule: Schedule
    var following: KeyRotation?
    do {
      let platform = try await access.reach(settings, reached)
      reached = platform
      let keys = try await platform.platform.keys(of: platform.instance)
      // Whatever cannot be deleted does not keep it.
      following = await peerRenewal(keys, settings)
      try await settle(keys, settings, platform)
      schedule = before.schedule.succeeded(at: now, cadence: cadence)
      schedule.nextAttempt = [schedule.nextAttempt, await nextOfAge(keys, settings)].compactMap(\.self).min()
    } catch let failure as PlatformFailure {
      schedule = before.schedule.failed(at: now, cadence: cadence, reason: failure.words)
    }
    await context.landscape.update { [schedule] in $0.serviceKeys[name]?.schedule = schedule }
    _ = try await context.record(schedule, of: .readServiceKey(name), condition: nil)
    return following
  }

  /// When a key that nothing uses is old enough to be told of, and looked at again.
  private func nextOfAge(_ keys: [PlatformKey], _ settings: ServiceKeySettings) async -> Date? {
    let knowledge = Self.knowledge(
      settings, await context.landscape.configuration, await context.landscape.inventory, now: context.clock.now())
    return OrphanPlanner.nextOfAge(
      keys.map { ListedKey($0, isGivenUp: false) }, knowledge, now: context.clock.now())
  }

  private func peerRenewal(_ keys: [PlatformKey], _ settings: ServiceKeySettings) async -> KeyRotation? {
    let state = await context.landscape.inventory.serviceKeys[settings.name] ?? SourceState()
    let mark = PlatformAccess.mark(of: settings, await context.landscape.configuration)
    return PeerRenewal.rotation(
      keys.map { ListedKey($0, isGivenUp: false) }, settings, state, installation: mark.installation,
      now: context.clock.now())
  }

  /// What the ledger knows of a service key, as the planner of orphans wants it.
  static func knowledge(
    _ settings: ServiceKeySettings, _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> OrphanPlanner.Knowledge {
    let mark = PlatformAccess.mark(of: settings, configuration)
    let state = inventory.serviceKeys[settings.name] ?? SourceState()
    var knowledge = OrphanPlanner.Knowledge(
      installation: mark.installation, base: mark.base, inForce: state.keys.first { $0.role == .inForce }?.guid,
      overlap: settings.overlap / .seconds(1))
    if let rotation = state.rotation {
      knowledge.inFlight = rotation.concerned
      knowledge.nameInFlight = rotation.nameInTheMaking
    }
    let leaves = Set(state.keys.compactMap(\.leaf))
    knowledge.seen = Set(state.keys.filter { $0.leaf != nil }.map(\.guid))
    knowledge.strangers = configuration.keystores.filter { keystore in
      guard keystore.identity == .serviceKey(settings.name),
        let held = inventory.keystores[keystore.name]?.current?.identity
      else { return false }
      return !leaves.contains(held.leaf) && held.leaf != state.identity?.leaf && held.notAfter > now
    }.map(\.name)
    let keystores = PlatformKeyPlanner.keystoresByLeaf(configuration, inventory)
    for key in state.keys {
      let holders = PlatformKeyPlanner.holders(
        of: key, settings.name, among: keystores, configuration, inventory, now: now)
      if !holders.isEmpty { knowledge.used[key.guid] = holders }
      knowledge.overlaps[key.guid] = key.overlapEnds
      switch key.role {
      case .inForce, .retiring: knowledge.ends[key.guid] = key.notAfter
      // One that nobody has tried proves nothing for another one.
      case .inFlight, .deleted: break
      // Of a key that was found, rather than made, nobody knows whether it is used; it has an overlap.
      case .givenUp: if key.owner == .ours, key.overlapEnds == nil { knowledge.useless.insert(key.guid) }
      }
    }
    return knowledge
  }

  private func settle(
    _ keys: [PlatformKey], _ settings: ServiceKeySettings, _ reached: PlatformAccess.Reached
  ) async throws {
    let configuration = await context.landscape.configuration
    let inventory = await context.landscape.inventory
    let records = try await context.ledger.platformKeys(of: settings.name)
    let known = Dictionary(records.map { ($0.guid, $0) }, uniquingKeysWith: { first, _ in first })
    try await noteGone(keys, records, settings, reached)
    let now = context.clock.now()
    let orphans = OrphanPlanner.orphans(
      keys.map { ListedKey($0, isGivenUp: false) }, Self.knowledge(settings, configuration, inventory, now: now),
      now: now)
    var failure: PlatformFailure?
    for orphan in orphans {
      let record: PlatformKeyRecord
      if let found = known[orphan.guid] {
        record = found
      } else {
        record = try await report(orphan, settings, reached)
        // Whoever uses it, such as files that a lost ledger knew, gets the overlap to follow.
        if orphan.mayBeUsed { continue }
      }
      guard orphan.refusal == nil else { continue }
      do {
        try await delete(record, settings, reached)
      } catch let error as PlatformFailure {
        // One that cannot be deleted does not keep the others.
        failure = failure ?? error
      }
    }
    failure = try await deleteAdopted(keys, records, settings, reached) ?? failure
    try await reread(settings)
    if let failure { throw failure }
  }

  /// Keys that were adopted by an operator's word carry no mark; their deletion has the same rules.
  ///
  /// - Returns: why one of them could not be deleted.
  private func deleteAdopted(
    _ keys: [PlatformKey], _ records: [PlatformKeyRecord], _ settings: ServiceKeySettings,
    _ reached: PlatformAccess.Reached
  ) async throws -> PlatformFailure? {
    var failure: PlatformFailure?
    let configuration = await context.landscape.configuration
    let inventory = await context.landscape.inventory
    let now = context.clock.now()
    let knowledge = Self.knowledge(settings, configuration, inventory, now: now)
    let valid = OrphanPlanner.validKeys(keys.map { ListedKey($0, isGivenUp: false) }, knowledge, now: now)
    for record in records where record.owner == .named && record.state == .retiring {
      guard keys.contains(where: { $0.guid == record.guid && $0.mark == nil }) else { continue }
      let removal = KeyRemoval(
        owner: .named, isInForce: false, isInFlight: knowledge.inFlight.contains(record.guid),
        holders: knowledge.used[record.guid] ?? KeyHolders(),
        possibleHolders: knowledge.possibleHolders(of: record.guid),
        overlapEnds: record.overlapEnds,
        otherValidKeys: valid.count { $0 != record.guid }, ends: record.notAfter)
      guard removal.refusal(now: now) == nil else { continue }
      do {
        try await delete(record, settings, reached)
      } catch let error as PlatformFailure {
        failure = failure ?? error
      }
    }
    return failure
  }

  /// Asks the platform to delete a key, and writes down before that it does.
  ///
  /// - Throws: `PlatformFailure`, `LedgerError`.
  private func delete(
    _ record: PlatformKeyRecord, _ settings: ServiceKeySettings, _ reached: PlatformAccess.Reached
  ) async throws {
    var asked = record
    asked.departure = .asked
    if asked != record {
      try await context.ledger.keepPlatformKeys([asked], of: settings.name, at: context.clock.now())
    }
    // What is under way is found to be gone by a later look.
    guard case .gone = try await reached.platform.deleteKey(record.guid) else { return }
    try await noteDeletion(asked, settings)
  }

  /// Keys that the ledger knows and the platform has no longer.
  private func noteGone(
    _ keys: [PlatformKey], _ records: [PlatformKeyRecord], _ settings: ServiceKeySettings,
    _ reached: PlatformAccess.Reached
  ) async throws {
    let present = Set(keys.map(\.guid))
    let rotation = await context.landscape.inventory.serviceKeys[settings.name]?.rotation
    var inFlight = rotation?.concerned ?? []
    // The key that rests until its overlap is over is not touched by the rotation before.
    if case .delivered? = rotation?.state, let old = rotation?.predecessor?.guid { inFlight.remove(old) }
    for record in records where record.state == .inForce && record.instance != reached.instance.guid {
      await request(settings, because: "the key \(record.name) belongs to another service instance", isLost: false)
    }
    for record in records where record.instance == reached.instance.guid && !present.contains(record.guid) {
      switch record.state {
      case .retiring, .givenUp:
        guard !inFlight.contains(record.guid) else { continue }
        switch record.departure {
        case .asked: try await noteDeletion(record, settings)
        case .noticed: try await note([], of: record, settings)
        case nil: try await noteDisappearance(record, settings)
        }
      case .inForce where rotation?.isResting != false:
        await request(settings, because: "the key \(record.name) is no longer on the platform", isLost: true)
      case .inForce:
        // What waits for its time until a new key would end later finds at its next look that there is nothing to wait for.
        guard let rotation, rotation.state == .due, case .waiting = rotation.standing else { continue }
        await context.landscape.update { $0.serviceKeys[settings.name]?.rotation = rotation.released() }
      case .inFlight, .deleted: break
      }
    }
  }

  private func request(_ settings: ServiceKeySettings, because reason: String, isLost: Bool) async {
    await context.landscape.update { inventory in
      inventory.serviceKeys[settings.name]?.request = reason
      inventory.serviceKeys[settings.name]?.isLossToTell = isLost
    }
  }

  private func report(
    _ orphan: OrphanPlanner.Orphan, _ settings: ServiceKeySettings, _ reached: PlatformAccess.Reached
  ) async throws -> PlatformKeyRecord {
    let now = context.clock.now()
    let overlapEnds = orphan.mayBeUsed ? now + settings.overlap / .seconds(1) : nil
    var why = "nothing uses it that is known here"
    if let refusal = orphan.refusal {
      why += ", but \(refusal)"
    } else if let overlapEnds {
      why += "; it is deleted after \(TimeText.instant(overlapEnds))"
    }
    // What can go at once is not left: its deletion is told.
    if orphan.mayBeUsed || orphan.refusal != nil {
      try await context.tell(
        [KeyNews.orphaned(settings, orphan.guid, reason: why)], of: LedgerSubject(.serviceKey, settings.name))
    }
    let record = PlatformKeyRecord(
      guid: orphan.guid, name: orphan.name, instance: reached.instance.guid, owner: .ours, state: .givenUp,
      overlapEnds: overlapEnds, reason: why)
    try await context.ledger.keepPlatformKeys([record], of: settings.name, at: now)
    return record
  }

  /// Takes note that a key is gone whose deletion was asked for here.
  private func noteDeletion(_ record: PlatformKeyRecord, _ settings: ServiceKeySettings) async throws {
    let events: [KeyRotationEvent] =
      (record.state == .retiring ? [.overlapEnded(guid: record.guid)] : [])
      + [.deleted(guid: record.guid, stoppedWorking: false)]
    try await note(
      events.map { KeyNews.raised($0, settings, identity: nil, now: context.clock.now()) }, of: record, settings)
  }

  /// Takes note that somebody else deleted a key.
  private func noteDisappearance(_ record: PlatformKeyRecord, _ settings: ServiceKeySettings) async throws {
    let holders = PlatformKeyPlanner.keystores(
      holding: PlatformKeyState(record), await context.landscape.configuration, await context.landscape.inventory)
    try await note(
      [KeyNews.vanished(settings, record.guid, keystores: holders)], of: record, settings)
  }

  private func note(
    _ news: [Events.Raised], of record: PlatformKeyRecord, _ settings: ServiceKeySettings
  ) async throws {
    try await context.tellOnce(news, of: LedgerSubject(.serviceKey, settings.name))
    var gone = record
    gone.state = .deleted
    try await context.ledger.keepPlatformKeys([gone], of: settings.name, at: context.clock.now())
  }

  private func reread(_ settings: ServiceKeySettings) async throws {
    let keys = try await context.ledger.platformKeys(of: settings.name).map(PlatformKeyState.init)
    await context.landscape.update { $0.serviceKeys[settings.name]?.keys = keys }
  }
}
