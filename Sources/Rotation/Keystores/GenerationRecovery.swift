// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Keystores
import Ledger
import Logging
import OpenSSLBridge
import Planning
import Settings

/// Makes ledger and disk agree when the daemon starts: goes on with what a crash cut short, and takes over what lies on
/// disk when the ledger was lost.
struct GenerationRecovery: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf

  init(context: RotationContext, shelf: GenerationShelf) {
    self.context = context
    self.shelf = shelf
  }

  /// Settles every generation that was begun and neither put in force nor given up.
  ///
  /// One that was judged good is put in force, since part of it may be already; any other is given up, and the next plan
  /// writes it anew.
  ///
  /// - Throws: `LedgerError`.
  func resume(_ configuration: Configuration) async throws {
    for generation in try await context.ledger.openGenerations() {
      let store = shelf.store(of: generation.keystore)
      do {
        try store.discardPartials()
        guard generation.state == .staged else {
          try await giveUp(generation, because: "certrotd ended before the files were complete")
          continue
        }
        let previous = try await context.ledger.currentGeneration(generation.keystore)?.number
        try shelf.refuseCollisions(of: generation.number, keystore: generation.keystore, in: configuration)
        _ = try store.activate(generation.number)
        let hooks = configuration.keystore(named: generation.keystore)?.owedAfterChange ?? []
        try await context.ledger.markGeneration(
          generation.keystore, generation.number, .current, hooks: hooks, at: context.clock.now())
        try await context.tell(
          [GenerationNews.resumed(generation, previous: previous)], of: LedgerSubject(.keystore, generation.keystore))
      } catch let error as LedgerError {
        throw error
      } catch {
        try await giveUp(generation, because: "it could not be put in force after a restart: \(error)")
      }
    }
  }

  /// Takes over what lies on disk for keystores that the ledger knows nothing of, as after a damaged ledger was set aside.
  ///
  /// Numbers go on where they were, and a self-signed identity keeps its key, so that nobody has to be told of a new one.
  ///
  /// - Throws: `LedgerError`.
  func adopt(_ configuration: Configuration) async throws {
    for keystore in configuration.keystores
    where try await context.ledger.generations(keystore.name, limit: 1).isEmpty {
      let store = shelf.store(of: keystore.name)
      do {
        let newest = try store.list().max() ?? 0
        // Whether or not they can be read, their folders are there.
        if newest > 0 {
          try await context.ledger.reserveGenerations(keystore.name, upTo: newest, at: context.clock.now())
        }
        guard let current = try store.current() else { continue }
        let outputs = try KeystoreOutput.resolve(keystore.readable, credentials: context.credentials)
        let found = try shelf.content(of: current, keystore: keystore.name, outputs)
        let merged = found.dropFirst().reduce(found.first) { $0?.merging($1) }
        try await adopt(current, merged?.content, of: keystore)
      } catch let error as LedgerError {
        throw error
      } catch {
        context.logger.warning(
          "the files on disk could not be taken over, new ones will be written: \(error)",
          metadata: ["keystore": .string(keystore.name)])
      }
    }
  }

  private func adopt(
    _ number: Int, _ content: KeystoreContent?, of keystore: KeystoreSettings
  ) async throws {
    let now = context.clock.now()
    let identity = content?.identity
    let plan = NewGeneration(
      keystore: keystore.name, recipe: keystore.filesRecipe, leaf: identity?.certificate.fingerprint,
      trust: content?.trust.map(\.fingerprint).sorted() ?? [], reason: "it was found on disk")
    let trusted = content?.trust.map { StoredTrustMember(certificate: $0, firstNeeded: now) } ?? []
    try await context.ledger.replaceTrust(keystore.name, trusted, at: now)
    _ = try await context.ledger.adoptGeneration(plan, number: number, isCurrent: true, files: [], at: now)
    guard case .selfSigned = keystore.identity, let identity,
      try await context.ledger.currentIdentity(keystore.identityOwner) == nil
    else { return }
    _ = try await context.ledger.acceptIdentity(
      NewIdentity(
        owner: keystore.identityOwner, leaf: identity.certificate, issuers: identity.issuers,
        privateKey: try identity.key.pkcs8DER(), recipe: keystore.identity?.recipe), at: now)
  }

  private func giveUp(_ generation: StoredGeneration, because reason: String) async throws {
    try await context.ledger.markGeneration(
      generation.keystore, generation.number, .failed(reason), at: context.clock.now())
    do {
      try shelf.store(of: generation.keystore).discard(generation.number)
    } catch {
      context.logger.warning(
        "generation \(generation.number), which was given up, could not be removed: \(error)",
        metadata: ["keystore": .string(generation.keystore)])
    }
  }
}
