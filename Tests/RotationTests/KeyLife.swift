// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Ledger
import Planning
import ServiceKeys
import Settings
import SystemPackage
import Testing

@testable import Rotation

/// One service key with one keystore: what `KeyRotationRunner` and `KeySurveyor` do, in arithmetic, so that years pass in
/// seconds; each decision and each record is the daemon's own.
struct KeyLife {
  let platform: FleetPlatform
  private(set) var records: [String: PlatformKeyRecord] = [:]
  private(set) var renewals = 0
  private(set) var now: Date
  private var generator: SplitMix64
  private var inventory: Inventory
  private let configuration: Configuration
  private let settings: ServiceKeySettings
  private let actions: PlatformKeyActions
  private let mark: KeyMark
  private let instance = PlatformInstance(guid: "instance", name: "fleet")

  init(
    number: Int, lifetime: TimeInterval, backdating: TimeInterval = 3600,
    renewBefore: RenewBefore = Defaults.renewBefore, faultRate: Double, from now: Date
  ) {
    let name = "key-\(number)"
    let source = ServiceManagerSource(
      binding: .file("/absent"), instance: "fleet",
      key: PlatformKeySettings(base: name, preset: .xsuaa, parameters: "{}"))
    settings = ServiceKeySettings(name: name, source: .serviceManager(source), renewBefore: renewBefore)
    configuration = Configuration(
      defaults: Defaults(refetchEvery: .seconds(5 * 86_400), installation: "here"), serviceKeys: [settings],
      keystores: [KeystoreSettings(name: name, identity: .serviceKey(name), files: [])])
    mark = KeyMark(installation: "here", base: name)
    platform = FleetPlatform(
      seed: UInt64(number), lifetime: lifetime, backdating: backdating, faultRate: faultRate, now: now)
    actions = PlatformKeyActions(platform, instance: instance, parameters: "{}", mark: mark)
    generator = SplitMix64(seed: UInt64(number) &+ 7919)
    inventory = Inventory(
      installation: UInt64(number), serviceKeys: [name: SourceState()], keystores: [name: KeystoreState()])
    self.now = now
  }

  private var name: String { settings.name }
  private var state: SourceState { inventory.serviceKeys[name] ?? SourceState() }

  /// What the keystore's files hold.
  var delivered: IdentityState? { inventory.keystores[name]?.current?.identity }

  /// The GUID of the key whose identity the files hold.
  var inUse: String? { delivered.flatMap { held in records.values.first { $0.leaf == held.leaf }?.guid } }

  var isResting: Bool { state.rotation == nil }

  /// Lives on until `end`; `check` is called after all that is due was done.
  mutating func live(until end: Date, _ check: (KeyLife) async -> Void) async throws {
    while now < end {
      let next = try await doWhatIsDue()
      await check(self)
      now = min(max(next, now + 1), end)
      await platform.set(now: now)
    }
  }

  private mutating func doWhatIsDue() async throws -> Date {
    for _ in 0..<200 {
      switch PlatformKeyPlanner.decide(settings, configuration, inventory, now: now) {
      case .wait(let until): return try #require(until, "\(name) waits for nothing")
      case .begin(let rotation, _): remember(rotation)
      case .act(let action): try await step(action)
      case .finish: inventory.serviceKeys[name]?.rotation = nil
      case .survey: await survey()
      }
    }
    Issue.record("\(name) does not come to rest at \(now): \(state.rotation?.phase ?? "")")
    return now + 3600
  }

  private mutating func step(_ action: KeyAction) async throws {
    guard let rotation = state.rotation else { return }
    let intended = rotation.intending(action, now: now)
    record(from: rotation, to: intended)
    let outcome = await outcome(of: action)
    if generator.nextUnit() < 0.01 {
      // The daemon is killed before it can say what came of it; credentials that it had read are lost with it.
      if case .credentialsHeld = outcome { return await conclude(outcome, intended) }
      inventory.serviceKeys[name]?.rotation = try KeyRotationText.decode(KeyRotationText.encode(intended))
      return
    }
    await conclude(outcome, intended)
  }

  private mutating func outcome(of action: KeyAction) async -> KeyOutcome {
    switch action {
    case .read(let guid):
      do throws(PlatformFailure) {
        _ = try await platform.credentials(of: guid)
        return .credentialsHeld
      } catch {
        return error.kind == .missing ? .notReady : .failed(KeyFailure(error))
      }
    case .examine(let guid):
      guard let held = await platform.books[guid] else { return .defective(words: "it is not there") }
      if generator.nextUnit() < 0.01 { return .defective(words: "its key does not fit") }
      return .examined(
        NewCertificate(serial: "\(held.serial)", notBefore: held.notBefore, notAfter: held.notAfter))
    case .verify:
      switch generator.nextUnit() {
      case ..<0.1: return .refused(words: "not known yet")
      case ..<0.2: return .failed(KeyFailure("no answer", culprit: "network"))
      default: return .verified
      }
    case .deliver(let guid): return await deliver(guid)
    default:
      let useless = Set(state.keys.filter { $0.role != .inFlight && $0.role != .inForce }.map(\.guid))
      guard var outcome = await actions.perform(action, givenUp: useless) else { return .jobLost }
      if case .find = action, case .failed(var failure) = outcome {
        failure.mayHaveHappened = true
        outcome = .failed(failure)
      }
      return outcome
    }
  }

  private mutating func deliver(_ guid: String) async -> KeyOutcome {
    guard let held = await platform.books[guid], let leaf = Self.leaf(held.serial) else { return .jobLost }
    let known = inventory.serviceKeys[name]?.identity
    let identity = IdentityState(
      leaf: leaf, notBefore: held.notBefore, notAfter: held.notAfter,
      acceptedAt: known?.leaf == leaf ? known?.acceptedAt : now)
    inventory.serviceKeys[name]?.identity = identity
    if generator.nextUnit() < 0.8 {
      let content = GenerationContent(recipe: "", identityLeaf: leaf, trust: [])
      inventory.keystores[name]?.current = GenerationState(number: held.serial, content: content, identity: identity)
    }
    let behind = PlatformKeyPlanner.keystoresBehind(name, configuration, inventory, now: now)
    return behind.isEmpty ? .delivered : .notDelivered(behind)
  }

  private mutating func conclude(_ outcome: KeyOutcome, _ intended: KeyRotation) async {
    let context = PlatformKeyPlanner.context(
      settings, configuration, inventory, installation: mark.installation, now: now)
    let (after, events) = intended.applying(outcome, context, now: now)
    record(from: intended, to: after)
    renewals += events.count { if case .renewed = $0 { true } else { false } }
  }

  private mutating func record(from before: KeyRotation, to after: KeyRotation) {
    let known = records.values.sorted { $0.guid < $1.guid }
    for var key in KeyRecords.changed(from: before, to: after, known: known, instance: instance.guid) {
      key.leaf = key.serial.flatMap { Int($0) }.flatMap { Self.leaf($0) }
      records[key.guid] = key
    }
    remember(after)
  }

  private mutating func remember(_ rotation: KeyRotation) {
    inventory.serviceKeys[name]?.rotation = rotation
    rememberKeys()
  }

  /// As the ledger does, which does not keep what has ended for ever.
  private mutating func rememberKeys() {
    let ended = records.values.filter { $0.state == .deleted }
    if ended.count > 20 { for record in ended { records[record.guid] = nil } }
    inventory.serviceKeys[name]?.keys = records.values.map { PlatformKeyState($0) }
  }

  private mutating func survey() async {
    let cadence = Planner.cadence(of: .tendServiceKey(name), in: configuration, installation: inventory.installation)
    var schedule = state.schedule
    do throws(PlatformFailure) {
      let keys = try await platform.keys(of: instance)
      for record in records.values where [.retiring, .givenUp].contains(record.state) {
        if !keys.contains(where: { $0.guid == record.guid }) { records[record.guid]?.state = .deleted }
      }
      let orphans = OrphanPlanner.orphans(
        keys.map { ListedKey($0, isGivenUp: false) },
        KeySurveyor.knowledge(settings, configuration, inventory, now: now),
        now: now)
      for orphan in orphans {
        if records[orphan.guid] == nil {
          records[orphan.guid] = PlatformKeyRecord(
            guid: orphan.guid, name: orphan.name, instance: instance.guid, owner: .ours, state: .givenUp)
        }
        guard orphan.refusal == nil, case .gone = try await platform.deleteKey(orphan.guid) else { continue }
        records[orphan.guid]?.state = .deleted
      }
      schedule = schedule.succeeded(at: now, cadence: cadence)
    } catch {
      schedule = schedule.failed(at: now, cadence: cadence, reason: error.words)
    }
    inventory.serviceKeys[name]?.schedule = schedule
    rememberKeys()
  }

  private static func leaf(_ serial: Int) -> Fingerprint? {
    Fingerprint(bytes: (0..<32).map { $0 < 8 ? UInt8(truncatingIfNeeded: serial >> ($0 * 8)) : 0x5A })
  }
}
