// SPDX-License-Identifier: Apache-2.0

import Certificates
import Control
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import ServiceKeys
import Settings

/// Does what is asked for on the control socket.
///
/// It does no work itself: it makes work due and watches the conductor do it, so that nothing is done twice and whoever
/// asked may go away at any time.
struct ControlDesk: ControlActions {
  let context: RotationContext
  let keeper: ConfigurationKeeper
  let notifier: ServiceManagerNotifier
  let verifier: IdentityVerifier
  let keys: PlatformKeyControl
  let listings: KeyListings
  let bell: Bell
  let version: String

  func ping() async throws -> ControlInterface.Pong {
    // Through the landscape, which every part of the daemon needs.
    _ = await context.landscape.configuration
    return ControlInterface.Pong(version: version, now: context.clock.now())
  }

  func status() async throws -> ControlInterface.StatusReply {
    let now = context.clock.now()
    let status = StatusReader.read(
      await context.landscape.configuration, await context.landscape.inventory, now: now)
    return ControlInterface.StatusReply(now: now, subjects: status.subjects.map(ControlSubject.init))
  }

  func renew(
    _ name: String, now: Bool, tell: @escaping @Sendable (ControlStep) async throws -> Void
  ) async throws -> ControlOutcome {
    let configuration = await context.landscape.configuration
    guard let scope = RenewalScope(name, in: configuration) else {
      guard configuration.endpoint(named: name) != nil else { throw Fault.noSuchName(name) }
      let reason = """
        \(name) is an endpoint, whose certificate the server renews: certrotd fetch \(name) shows what it sends now, and \
        certrotd renew --now with the name of a keystore that trusts it has the daemon ask it again
        """
      throw Fault.refused(reason: reason, culprit: "configuration")
    }
    return try await Renewal(context: context, keys: keys, bell: bell, scope: scope).run(now: now, tell: tell)
  }

  func verify(_ name: String) async throws -> ControlVerdict {
    let settings = try await serviceKey(name)
    guard let stored = try await context.ledger.currentIdentity(.serviceKey(name)) else {
      throw Fault.refused(reason: "service key \(name) has no identity yet", culprit: "configuration")
    }
    let identity: Identity
    do {
      identity = Identity(
        certificate: stored.entry.leaf, key: try PrivateKey(der: stored.privateKey), issuers: stored.entry.issuers)
    } catch {
      throw Fault.refused(reason: "the private key cannot be used: \(error)", culprit: "host")
    }
    let ends = TimeText.instant(stored.entry.leaf.validity.notAfter)
    switch try await verifier.verify(
      identity, tokenURL: stored.entry.tokenURL, clientID: stored.entry.clientID, settings)
    {
    case .accepted(let answer):
      let reason =
        settings.verify == .none
        ? "\(answer); the certificate ends at \(ends)"
        : "the certificate is accepted: \(answer); it ends at \(ends)"
      return ControlVerdict(verdict: .accepted, reason: reason)
    case .refused(let reason):
      let explained = await missing(name, settings).map { "\(reason); \($0)" } ?? reason
      return ControlVerdict(verdict: .refused, reason: explained, culprit: "platform")
    case .inconclusive(let culprit, let reason):
      return ControlVerdict(verdict: .inconclusive, reason: reason, culprit: culprit.rawValue)
    }
  }

  /// Whether a key is refused since the platform has it no longer; nil where that is not so, or nobody says so.
  private func missing(_ name: String, _ settings: ServiceKeySettings) async -> String? {
    guard settings.source.platformKey != nil else { return nil }
    do {
      return try await keys.lostKey(of: name).map {
        "the service instance no longer has the key \($0), and another one is made at once"
      }
    } catch {
      return "whether the platform still has the key is not known: \(error)"
    }
  }

  func listKeys(_ name: String) async throws -> [ControlKey] {
    do {
      return try await listings.keys(of: name).map(ControlKey.init)
    } catch let refusal as PlatformKeyControl.Refusal {
      throw Fault(refusal)
    }
  }

  func adoptKey(_ name: String, guid: String, force: Bool) async throws -> ControlKey {
    let progress: AsyncStream<KeyProgress>
    do {
      progress = try await keys.adopt(guid, as: name, force: force)
    } catch {
      throw Fault(error)
    }
    for await step in progress {
      switch step {
      case .step: continue
      case .ended(true, _): return try await listedKey(guid, of: name)
      case .ended(false, let sentence), .resting(_, let sentence):
        throw Fault.refused(reason: sentence, culprit: await culprit(name))
      }
    }
    throw CancellationError()
  }

  /// Who was at fault for the rotation of a service key that just failed.
  private func culprit(_ name: String) async -> String {
    guard case .failed(let failure) = await context.landscape.inventory.serviceKeys[name]?.rotation?.standing else {
      return "platform"
    }
    return failure.culprit
  }

  /// Asks the platform anew: what was listed a moment ago does not show what was just done.
  private func listedKey(_ key: String, of name: String) async throws(Fault) -> ControlKey {
    do {
      let listed = try await keys.keys(of: name)
      if let found = listed.first(where: { $0.guid == key || $0.name == key }) { return ControlKey(found) }
    } catch {
      throw Fault(error)
    }
    throw .refused(reason: "the key \(key) has gone from the platform meanwhile", culprit: "platform")
  }

  func reload() async throws -> ControlInterface.ReloadReply {
    let mistakes = try await keeper.reload(telling: notifier)
    return ControlInterface.ReloadReply(
      inForce: mistakes.isEmpty, mistakes: mistakes.prefix(Self.mistakesTold).map(\.description))
  }

  private func serviceKey(_ name: String) async throws -> ServiceKeySettings {
    guard let settings = await context.landscape.configuration.serviceKey(named: name) else {
      throw Fault.noSuchName(name)
    }
    return settings
  }

  private static let mistakesTold = 100
}

extension ControlSubject {
  init(_ status: SubjectStatus) {
    self.init(
      kind: status.subject.kind, name: status.subject.name, state: status.state.rawValue, reason: status.reason,
      breaks: status.breakage?.at, breaksWhat: status.breakage?.what, lastAttempt: status.lastAttempt,
      lastSuccess: status.lastSuccess, nextAttempt: status.nextAttempt, nextWhat: status.nextStep?.rawValue,
      missing: status.missing)
  }
}

extension ControlKey {
  init(_ key: KeyListing) {
    self.init(
      guid: key.guid, name: key.name, state: key.state.rawValue, owner: "ours", created: key.createdAt,
      ends: key.notAfter)
    if let peer = key.peer {
      owner = "peer"
      reason = "the certrotd \(peer) made it"
    }
    switch key.standing {
    case .inForce: use = "in-force"
    case .inFlight: use = "in-flight"
    case .retiring(let until, let obstacle):
      use = "retiring"
      let time = until.map { "it is deleted after \(TimeText.instant($0))" }
      let sentences = [time, obstacle].compactMap(\.self)
      reason = sentences.isEmpty ? nil : sentences.joined(separator: ", but ")
    case .orphan(let why):
      owner = "orphan"
      reason = why ?? "it is deleted next"
    case .neighbour(let name): reason = "it belongs to service key \(name) of this configuration"
    case .ours(let base): reason = "it was made for '\(base)', which no service key of this configuration is called"
    case .peer: break
    case .other: owner = "other"
    }
  }
}

extension Fault {
  /// What a caller is told.
  init(_ refusal: PlatformKeyControl.Refusal) {
    switch refusal {
    case .unknown(let name): self = .noSuchName(name)
    case .platform(let failure): self = .refused(reason: failure.words, culprit: failure.culprit.rawValue)
    case .tooManyLooks: self = .refused(reason: "\(refusal)", culprit: "certrotd")
    case .notRecorded: self = .refused(reason: "\(refusal)", culprit: "host")
    case .droppedIn, .notDue, .noSuchKey, .notReady, .underWay, .inForce, .endsNoLater:
      self = .refused(reason: "\(refusal)", culprit: "configuration")
    }
  }
}
