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
        let confirmation = try await context.ledger.confirmation(of: generation.keystore)
        try shelf.refuseCollisions(of: generation.number, keystore: generation.keystore, in: configuration)
        _ = try store.activate(generation.number)
        let settings = configuration.keystore(named: generation.keystore)
        let (hooks, isConfirmed) = (settings?.owedAfterChange ?? [], settings?.confirm != nil)
        let leaf = try await context.ledger.certificates(Set([generation.leaf].compactMap(\.self))).values.first
        let resumed = GenerationNews.resumed(generation, previous: previous, notAfter: leaf?.validity.notAfter)
        let news = context.entries([resumed], of: LedgerSubject(.keystore, generation.keystore))
        if let previous, let confirmation, confirmation.state == .withdrawing {
          // It was made in place of one that was refused.
          try await context.ledger.rollBackGeneration(
            generation.keystore, from: previous, to: generation.number, reason: confirmation.finding?.reason ?? "",
            hooks: hooks, confirming: isConfirmed ? .broughtBack : nil, telling: news, at: context.clock.now())
        } else {
          try await context.ledger.markGeneration(
            generation.keystore, generation.number, .current, hooks: hooks, confirming: isConfirmed ? .written : nil,
            telling: news, at: context.clock.now())
        }
        try await context.tell(recorded: news)
      } catch let error as LedgerError {
        throw error
      } catch {
        try await giveUp(generation, because: "it could not be put in force after a restart: \(error)")
      }
    }
  }

  /// Takes over what lies on disk for those of `keystores` that the ledger knows nothing of, as after a damaged ledger was
  /// set aside.
  ///
  /// Numbers go on where they were, and a self-signed identity keeps its key, so that nobody has to be told of a new one.
  ///
  /// - Parameter keystores: those whose files nobody writes meanwhile.
  /// - Throws: `LedgerError`.
  func adopt(_ keystores: [KeystoreSettings]) async throws {
    for keystore in keystores where try await context.ledger.generations(keystore.name, limit: 1).isEmpty {
      let store = shelf.store(of: keystore.name)
      do {
        let kept = try store.list()
        guard let newest = kept.max() else { continue }
        // Whether or not they can be read, their folders are there.
        try await context.ledger.reserveGenerations(keystore.name, upTo: newest, at: context.clock.now())
        guard let current = try store.current() else {
          try await adoptNewestWhole(of: kept, keystore)
          continue
        }
        try await adoptCurrent(current, keystore)
        // Last of all, since whoever is known with any generation is not looked at again: a crash costs these alone.
        try await adoptOthers(kept.filter { $0 != current }, than: current, keystore)
      } catch let error as LedgerError {
        throw error
      } catch {
        tellLost(keystore, "\(error)")
      }
    }
  }

  private func adoptCurrent(_ number: Int, _ keystore: KeystoreSettings) async throws {
    let read = readable(number, keystore)
    guard let found = read.found else {
      return tellLost(keystore, read.faults.first ?? "none of its files is among those of the configuration")
    }
    for fault in read.faults {
      context.logger.warning(
        "a file of generation \(number), which is in force, cannot be read, and what the others hold counts: \(fault)",
        metadata: ["keystore": .string(keystore.name)])
    }
    try await adopt(number, found, of: keystore, as: .current)
    try await keep(found, of: keystore)
  }

  private func tellLost(_ keystore: KeystoreSettings, _ fault: String) {
    context.logger.warning(
      "the files on disk could not be taken over, and new ones are written once that is possible: \(fault)",
      metadata: ["keystore": .string(keystore.name)])
  }

  /// Takes over those of `numbers` whose files are whole, so that an operator can go back to them.
  ///
  /// What lies above the one in force may have been withdrawn, or never been used. What was complete when the one in force
  /// was put there was withdrawn, and stays so; the rest is left alone.
  private func adoptOthers(_ numbers: [Int], than current: Int, _ keystore: KeystoreSettings) async throws {
    let store = shelf.store(of: keystore.name)
    for number in numbers {
      let content: ReadKeystore?
      do {
        guard try number < current || store.isOlderThanSwitch(number) else { continue }
        content = try whole(number, keystore)
      } catch {
        tellSkipped(number, keystore, error)
        continue
      }
      let withdrawn = GenerationProgress.rolledBack(
        "it made room for generation \(current); the ledger that knew why was lost")
      try await adopt(number, content, of: keystore, as: number < current ? .superseded : withdrawn)
    }
  }

  /// What a generation holds whose own files are those that were staged.
  private func whole(_ number: Int, _ keystore: KeystoreSettings) throws -> ReadKeystore? {
    try shelf.store(of: keystore.name).verify(number)
    return readable(number, keystore).found
  }

  private func readable(_ number: Int, _ keystore: KeystoreSettings) -> ReadableGeneration {
    ReadableGeneration(number, of: keystore.readable, on: shelf, credentials: context.credentials)
  }

  private func tellSkipped(_ number: Int, _ keystore: KeystoreSettings, _ error: any Error) {
    context.logger.warning(
      "generation \(number) cannot be taken over: \(error)", metadata: ["keystore": .string(keystore.name)])
  }

  /// Takes over identity and trust list of the newest generation that can be read, where none is in force any more.
  ///
  /// It is not put in force itself: nobody knows whether it ever was, or what has changed since. The next plan writes one.
  private func adoptNewestWhole(of kept: [Int], _ keystore: KeystoreSettings) async throws {
    for number in kept.sorted(by: >) {
      let content: ReadKeystore?
      do {
        content = try whole(number, keystore)
      } catch {
        tellSkipped(number, keystore, error)
        continue
      }
      try await keep(content, of: keystore)
      return context.logger.notice(
        "the link to the generation in force is gone, and generation \(number) is what the next one is made from",
        metadata: ["keystore": .string(keystore.name)])
    }
  }

  // Its certificates are kept, so that their ends are watched even before anything else is known of them.
  private func adopt(
    _ number: Int, _ found: ReadKeystore?, of keystore: KeystoreSettings, as state: GenerationProgress
  ) async throws {
    let now = context.clock.now()
    let certificates = [found?.certificate].compactMap(\.self) + (found?.issuers ?? []) + (found?.trust ?? [])
    try await context.ledger.remember(certificates, at: now)
    let plan = NewGeneration(
      keystore: keystore.name, recipe: keystore.filesRecipe, leaf: found?.certificate?.fingerprint,
      trust: found?.trust.map(\.fingerprint).sorted() ?? [], reason: "it was found on disk")
    try await context.ledger.adoptGeneration(
      plan, number: number, as: state, hooks: state == .current ? keystore.owedAfterChange : [], at: now)
  }

  /// Keeps the trust list, from which nothing leaves before its overlap is over, and a self-signed identity.
  private func keep(_ found: ReadKeystore?, of keystore: KeystoreSettings) async throws {
    let now = context.clock.now()
    let content = found?.content
    let trusted = content?.trust.map { StoredTrustMember(certificate: $0, firstNeeded: now) } ?? []
    try await context.ledger.replaceTrust(keystore.name, trusted, at: now)
    // The configuration may have changed since: an identity of another kind or name would be taken for the one it wants.
    guard case .selfSigned(let wish) = keystore.identity, let identity = content?.identity,
      identity.certificate.issuer == identity.certificate.subject,
      try identity.certificate.subject == DistinguishedName(parsing: wish.subject),
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
