// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings
import SystemPackage

/// Takes over the identity and the trust list of a PSE that existed before its keystore did, once.
///
/// From then on the ledger has them, and the file may go. Until then the keystore writes nothing, since what it writes may
/// take the place of that file.
struct PSEAdopter: Sendable {
  private let context: RotationContext
  private let trustKeeper: TrustKeeper

  init(context: RotationContext, trustKeeper: TrustKeeper) {
    self.context = context
    self.trustKeeper = trustKeeper
  }

  func run(_ keystore: String) async throws {
    guard let settings = await context.landscape.configuration.keystore(named: keystore), let adopt = settings.adopt
    else { return }
    let before = await context.landscape.inventory.keystores[keystore] ?? KeystoreState()
    let cadence = await context.landscape.cadence(of: .adopt(keystore: keystore))
    let now = context.clock.now()
    do {
      let found = try read(adopt)
      try await accept(found, adopt, settings)
      try await finish(keystore, before.adoptionSchedule.succeeded(at: now, cadence: cadence), failure: nil)
    } catch let error as LedgerError {
      throw error
    } catch {
      let failure = AdoptionError(file: adopt.file, error)
      let schedule = before.adoptionSchedule.failed(at: now, cadence: cadence, reason: failure.description)
      try await finish(keystore, schedule, failure: failure)
    }
  }

  private func read(_ adopt: AdoptionSettings) throws -> KeystoreContent {
    let pin = try adopt.pin.map { try context.credentials.secret($0) }
    let bytes = try context.files.readSecretFile(adopt.file, limit: Self.sizeLimit)
    let document = try PSEDocument.open(bytes, pin: pin)
    let read = try document.read()
    let losses = document.losses(in: read)
    guard losses.isEmpty else { throw AdoptionLoss(losses: losses) }
    return read.content
  }

  private func accept(_ found: KeystoreContent, _ adopt: AdoptionSettings, _ settings: KeystoreSettings) async throws {
    let now = context.clock.now()
    let identity = try found.identity.map { identity in
      NewIdentity(
        owner: .keystore(settings.name), leaf: identity.certificate, issuers: identity.issuers,
        privateKey: try identity.key.pkcs8DER(), recipe: adopt.recipe)
    }
    try await context.ledger.adopt(
      settings.name, from: adopt.file.string, identity: identity, trust: found.trust, at: now)
    let state = AdoptionState(
      file: adopt.file.string, adoptedAt: now,
      identity: found.identity.map { IdentityState($0.certificate, recipe: adopt.recipe) },
      trust: found.trust.map { KnownCertificate($0) })
    await context.landscape.update { inventory in
      inventory.keystores[settings.name, default: KeystoreState()].adoption = state
      if case .selfSigned = settings.identity {
        inventory.keystores[settings.name]?.identity = state.identity
      }
    }
    try await trustKeeper.settle(settings)
    try await context.tell([Self.news(found, adopt, settings)], of: LedgerSubject(.keystore, settings.name))
  }

  private static func news(
    _ found: KeystoreContent, _ adopt: AdoptionSettings, _ settings: KeystoreSettings
  ) -> Events.Raised {
    let count = found.trust.count
    let trust = "\(count) trusted \(count == 1 ? "certificate" : "certificates")"
    var fields: [EventField: String] = [.keystore: settings.name, .path: adopt.file.string]
    var what = trust
    if let leaf = found.identity?.certificate {
      fields[.fingerprint] = leaf.fingerprint.description
      fields[.notAfter] = EventTime.text(leaf.validity.notAfter)
      fields[.subject] = leaf.subject.description
      what = "the identity \(leaf.subject), valid until \(TimeText.instant(leaf.validity.notAfter)), and \(trust)"
    }
    return Events.Raised(
      .keystoreAdopted, message: "keystore \(settings.name) has taken over \(adopt.file): \(what)", fields: fields)
  }

  private func finish(_ keystore: String, _ schedule: Schedule, failure: AdoptionError?) async throws {
    await context.landscape.update { $0.keystores[keystore, default: KeystoreState()].adoptionSchedule = schedule }
    let (isNew, _) = try await context.record(
      schedule, of: .adoption(keystore), condition: failure == nil ? nil : "failed")
    guard let failure, isNew else { return }
    var fields: [EventField: String] = [
      .keystore: keystore, .reason: failure.description, .culprit: failure.culprit.rawValue,
      .attempts: String(schedule.failures), .path: failure.file.string,
    ]
    if let next = schedule.nextAttempt { fields[.nextAttempt] = EventTime.text(next) }
    let event = Events.Raised(
      .keystoreFailed, message: "keystore \(keystore) is not written: \(failure)", fields: fields)
    try await context.tell([event], of: LedgerSubject(.keystore, keystore))
  }

  /// In bytes; what certrotd reads of a PSE at most.
  private static let sizeLimit = 4 << 20
}

/// What stands against taking over a PSE though it can be read.
struct AdoptionLoss: Error, CustomStringConvertible {
  let losses: [String]

  var description: String {
    """
    it holds what certrotd cannot keep: \(losses.joined(separator: "; ")); remove that from a copy of it, or make one with \
    “certrotd pse create”, and adopt the copy
    """
  }
}

/// Why a PSE was not taken over.
struct AdoptionError: Error, CustomStringConvertible {
  let file: FilePath
  let culprit: Culprit
  private let reason: String

  init(file: FilePath, _ error: any Error) {
    self.file = file
    reason = String(describing: error)
    // Whatever is wrong with the file or its PIN: the configuration names them.
    culprit =
      (error as? SystemError).map { $0.errno == .noSuchFileOrDirectory ? .configuration : .host } ?? .configuration
  }

  var description: String { "\(file) cannot be taken over: \(reason)" }
}
