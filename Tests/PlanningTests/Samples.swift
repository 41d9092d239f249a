// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Planning
import Settings
import SystemPackage

let minute: TimeInterval = 60
let hour: TimeInterval = 3600
let day: TimeInterval = 86_400

/// 2026-06-01 00:00:00 UTC, from which the tests count.
let start = Date(timeIntervalSince1970: 1_780_272_000)

func fingerprint(_ number: Int) -> Fingerprint {
  let bytes = (0..<32).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> ($0 * 8)) : 0xA5 }
  guard let fingerprint = Fingerprint(bytes: bytes) else { preconditionFailure("32 bytes make a fingerprint") }
  return fingerprint
}

func certificate(_ number: Int, from: TimeInterval = -30 * day, to: TimeInterval = 3650 * day) -> KnownCertificate {
  KnownCertificate(
    fingerprint: fingerprint(number), subject: "CN=Certificate \(number)", notBefore: start + from, notAfter: start + to
  )
}

/// A path whose leaf ends `leafEnds` seconds after `start`.
func path(leaf: Int, issuer: Int, root: Int, leafEnds: TimeInterval = 365 * day) -> PathState {
  PathState(
    leaf: certificate(leaf, to: leafEnds), issuers: [certificate(issuer)], root: certificate(root), verifiedAt: start)
}

func identity(_ number: Int, from: TimeInterval, to: TimeInterval, recipe: String? = nil) -> IdentityState {
  IdentityState(leaf: fingerprint(number), notBefore: start + from, notAfter: start + to, recipe: recipe)
}

extension EndpointState {
  static func answering(_ path: PathState?, lastAttempt: Date = start, failing: String? = nil) -> EndpointState {
    EndpointState(
      schedule: Schedule(lastAttempt: lastAttempt, lastSuccess: path == nil ? nil : lastAttempt), attempted: true,
      verifiedPath: path, currentlyFailing: failing)
  }
}

/// One endpoint, one keystore that trusts it, and an identity of the wanted kind.
struct Sample {
  var configuration: Configuration
  var inventory: Inventory

  init(
    identity: IdentitySource? = nil, endpoints: [String] = ["cloud"], bundles: [FilePath] = [],
    include: Set<TrustSettings.Part> = TrustSettings.usualParts
  ) {
    configuration = Configuration(
      endpoints: endpoints.map { EndpointSettings(name: $0, host: "\($0).example") },
      serviceKeys: [ServiceKeySettings(name: "sender", source: .file("/etc/certrotd/keys/sender.json"))],
      keystores: [
        KeystoreSettings(
          name: "client", identity: identity,
          trust: TrustSettings(endpoints: endpoints, bundles: bundles, include: include),
          files: [FileSettings(format: .pse(PSEFileSettings(path: .inKeystore("client.pse"))))])
      ])
    inventory = Inventory(
      installation: 7,
      serviceKeys: ["sender": SourceState(schedule: Schedule(lastAttempt: start, lastSuccess: start))])
  }

  /// All is known and delivered, with the identity of a service key that lasts a year.
  static func complete() -> Sample {
    var sample = Sample(identity: .serviceKey("sender"))
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: 365 * day)
    sample.deliver(at: start)
    return sample
  }

  static let selfSigned = IdentitySource.selfSigned(
    SelfSignedSettings(subject: "CN=host.example", validFor: .seconds(100 * 86_400)))

  var keystore: KeystoreSettings {
    get { configuration.keystores[0] }
    set { configuration.keystores[0] = newValue }
  }

  var state: KeystoreState {
    get { inventory.keystores["client"] ?? KeystoreState() }
    set { inventory.keystores["client"] = newValue }
  }

  func plan(at now: Date) -> Plan { Planner.plan(configuration, inventory, now: now) }

  func trust(at now: Date) -> TrustDecision { TrustPlanner.wanted(keystore, inventory, now: now) }

  func due(_ work: Work, at now: Date) -> DueWork? { plan(at: now).due.first { $0.work == work } }

  var write: Work { .write(keystore: "client") }

  func decision(at now: Date) -> WriteDecision {
    WritePlanner.decide(keystore, inventory, trust: trust(at: now), now: now)
  }

  /// Does what Rotation does after a write that worked.
  mutating func deliver(at now: Date, number: Int = 1) {
    guard case .write(let content, _) = decision(at: now) else { return }
    let decided = trust(at: now)
    var identity: IdentityState?
    switch keystore.identity {
    case .serviceKey(let name): identity = inventory.serviceKeys[name]?.identity
    case nil: identity = nil
    default: identity = state.identity
    }
    state.current = GenerationState(
      number: number, content: content, identity: identity, trustNotAfter: decided.wanted.values.map(\.notAfter).min())
    state.trustMembers = decided.members
    state.writing = Schedule(lastAttempt: now, lastSuccess: now)
  }

  /// Does what Rotation does whenever trust was decided.
  mutating func remember(at now: Date) { state.trustMembers = trust(at: now).members }
}
