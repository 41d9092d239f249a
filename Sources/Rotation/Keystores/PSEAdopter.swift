// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import PSEFormat
import Planning
import Settings
import SystemPackage

/// Takes over the identity and the trust list of a PSE that existed before its keystore did, once.
///
/// From then on the ledger has them, and the file may go. Until then the keystore writes nothing, since what it writes may
/// take the place of that file. A copy of the file stays in the state folder.
struct PSEAdopter: Sendable {
  private let context: RotationContext
  private let issuers: IssuerPool
  private let trustKeeper: TrustKeeper

  init(context: RotationContext, issuers: IssuerPool, trustKeeper: TrustKeeper) {
    self.context = context
    self.issuers = issuers
    self.trustKeeper = trustKeeper
  }

  func run(_ keystore: String) async throws {
    guard let settings = await context.landscape.configuration.keystore(named: keystore), let adopt = settings.adopt
    else { return }
    let before = await context.landscape.inventory.keystores[keystore] ?? KeystoreState()
    let cadence = await context.landscape.cadence(of: .adopt(keystore: keystore))
    let now = context.clock.now()
    do {
      let found = try await AdoptedPSE.read(
        adopt, of: settings, issuers: issuers, credentials: context.credentials, files: context.files)
      let original = try keep(found.bytes, of: keystore)
      try await accept(found, original: original, adopt, settings)
      try await finish(keystore, before.adoptionSchedule.succeeded(at: now, cadence: cadence), failure: nil)
    } catch let error as LedgerError {
      throw error
    } catch {
      let failure = AdoptionError(file: adopt.file, error)
      let schedule = before.adoptionSchedule.failed(at: now, cadence: cadence, reason: failure.description)
      try await finish(keystore, schedule, failure: failure)
    }
  }

  /// Copies the file as it is to where nothing takes its place: another content has another name.
  private func keep(_ bytes: SecretBytes, of keystore: String) throws -> FilePath {
    let digest = Fingerprint(bytes: Digest.sha256(bytes))?.short ?? ""
    let path = context.layout.adopted.appending("\(keystore)-\(digest).pse")
    try context.files.makeDirectories(at: context.layout.adopted, mode: .ownerReadWriteExecute)
    try context.files.replaceFile(at: path, mode: .ownerReadWrite, contents: bytes)
    return path
  }

  private func accept(
    _ found: AdoptedPSE, original: FilePath, _ adopt: AdoptionSettings, _ settings: KeystoreSettings
  ) async throws {
    let now = context.clock.now()
    let content = found.content
    let identity = try content.identity.map { identity in
      NewIdentity(
        owner: .keystore(settings.name), leaf: identity.certificate, issuers: identity.issuers,
        privateKey: try identity.key.pkcs8DER(), recipe: adopt.recipe)
    }
    var kept: SecretBytes?
    if !content.kept.isEmpty {
      var bytes = try content.kept.derEncoded()
      kept = SecretBytes(cleansing: &bytes)
    }
    try await context.ledger.adopt(
      NewAdoption(
        keystore: settings.name, path: adopt.file.string, identity: identity, trust: content.trust, form: found.form,
        original: original.string, otherNames: found.otherNames.map(\.string).sorted(), keptNames: content.kept.names,
        kept: kept), at: now)
    let state = AdoptionState(
      file: adopt.file.string, adoptedAt: now,
      identity: content.identity.map { IdentityState($0.certificate, issuers: $0.issuers, recipe: adopt.recipe) },
      trust: content.trust.map { KnownCertificate($0) }, form: AdoptedForm(found.form),
      otherNames: found.otherNames)
    await context.landscape.update { inventory in
      inventory.keystores[settings.name, default: KeystoreState()].adoption = state
      if case .selfSigned = settings.identity {
        inventory.keystores[settings.name]?.identity = state.identity
      }
    }
    try await trustKeeper.settle(settings)
    try await context.tell(
      [news(found, original: original, adopt, settings)], of: LedgerSubject(.keystore, settings.name))
  }

  private func news(
    _ found: AdoptedPSE, original: FilePath, _ adopt: AdoptionSettings, _ settings: KeystoreSettings
  ) -> Events.Raised {
    let count = found.content.trust.count
    var parts = ["\(count) trusted \(count == 1 ? "certificate" : "certificates")"]
    var fields: [EventField: String] = [
      .keystore: settings.name, .path: adopt.file.string, .original: original.string,
    ]
    if let leaf = found.content.identity?.certificate {
      fields[.fingerprint] = leaf.fingerprint.description
      fields[.notAfter] = EventTime.text(leaf.validity.notAfter)
      fields[.subject] = leaf.subject.description
      let end = TimeText.instant(leaf.validity.notAfter)
      let validity = leaf.validity.notAfter > context.clock.now() ? "valid until \(end)" : "which ended at \(end)"
      parts.insert("the identity \(leaf.subject), \(validity)", at: 0)
    }
    let names = found.content.kept.names
    if !names.isEmpty { parts.append("what certrotd hands on without knowing it: \(names.joined(separator: ", "))") }
    let added = found.added.map { "\($0.subject)" }
    let completion = added.isEmpty ? "" : "; its chain lacked \(added.joined(separator: " and "))"
    return Events.Raised(
      .keystoreAdopted,
      message: """
        keystore \(settings.name) has taken over \(adopt.file): \(parts.joined(separator: ", and "))\(completion); a copy of \
        the file is kept as \(original)
        """, fields: fields)
  }

  private func finish(_ keystore: String, _ schedule: Schedule, failure: AdoptionError?) async throws {
    await context.landscape.update { $0.keystores[keystore, default: KeystoreState()].adoptionSchedule = schedule }
    let isNew = try await context.record(schedule, of: .adoption(keystore), failure: failure?.description)
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
}
