// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Planning
import Settings
import SystemPackage

extension GenerationWriter {
  /// Puts the files of the current generation in place again, or what comes nearest to it.
  ///
  /// First its own files; where these were damaged too, the same content made anew; where that cannot be made any more,
  /// the newest other generation whose files are whole.
  ///
  /// - Returns: what is in force then.
  /// - Throws: why the content could not be made anew, when no generation on disk is whole either; ``LastingDamage``.
  func restore(
    _ current: GenerationState, of settings: KeystoreSettings, in configuration: Configuration, damage: String,
    because reason: Reason
  ) async throws -> GenerationState {
    let store = shelf.store(of: settings.name)
    var path = store.currentLink
    var ownDamage = false
    do {
      path = try store.damage(of: current.number).first?.path ?? path
      try shelf.refuseCollisions(of: current.number, keystore: settings.name, in: configuration)
      try activate(current.number, store, settings)
      let lasting = try store.damage(of: current.number)
      // Everything was done, and to do so again would change nothing.
      guard lasting.isEmpty else { throw LastingDamage(lasting.map(\.description).joined(separator: "; ")) }
      try await context.tell(
        [GenerationNews.repaired(settings, current.number, at: path, damage, .putBack)],
        of: LedgerSubject(.keystore, settings.name))
      return current
    } catch let collision as OutputCollision {
      // The settings have other paths by now.
      tellMadeAnew(settings, current.number, collision)
    } catch let error as DeliveryError {
      if case .notMended(let damage, nil) = error.reason { throw LastingDamage("\(damage)") }
      ownDamage = error.isOwnDamage
      tellMadeAnew(settings, current.number, error)
    }
    let content = current.content.made(by: settings)
    do {
      return try await write(
        content, for: settings, in: configuration, because: reason, replacing: current, isRestored: true,
        repairing: (path, damage))
    } catch let error as LedgerError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      guard ownDamage else { throw error }
      let cause = "generation \(current.number) could not be made again: \(error)"
      let state = try await newestWhole(besides: current.number, of: settings, in: configuration) {
        GenerationNews.repaired(settings, $0, at: path, damage, .standsIn(because: cause))
      }
      guard let state else { throw error }
      return state
    }
  }

  /// Puts the newest other generation in force whose files are what was judged good; nil when there is none.
  ///
  /// One that an operator withdrew comes last, but before having none at all. What `news` says of its number is told.
  private func newestWhole(
    besides damaged: Int, of settings: KeystoreSettings, in configuration: Configuration,
    telling news: (Int) -> Events.Raised
  ) async throws -> GenerationState? {
    let store = shelf.store(of: settings.name)
    let known = try await context.ledger.generations(settings.name, limit: LedgerStore.generationsPerKeystore)
    let kept = try store.list()
    let used = known.filter { $0.number != damaged && $0.wasInForce && kept.contains($0.number) }
    for generation in used.filter({ !$0.isRolledBack }) + used.filter(\.isRolledBack) {
      let number = generation.number
      do {
        try shelf.refuseCollisions(of: number, keystore: settings.name, in: configuration)
        try activate(number, store, settings)
      } catch {
        context.logger.notice(
          "generation \(number) cannot stand in: \(error)", metadata: ["keystore": .string(settings.name)])
        continue
      }
      let told = context.entries([news(number)], of: LedgerSubject(.keystore, settings.name))
      try await context.ledger.markGeneration(
        settings.name, number, .current, hooks: settings.owedAfterChange,
        confirming: settings.confirm == nil ? nil : .broughtBack, telling: told, at: context.clock.now())
      try await context.tell(recorded: told)
      try await renewHooks(in: configuration)
      let certificates = try await context.ledger.certificates(Set(generation.trust))
      var identity: IdentityState?
      if let leaf = generation.leaf {
        identity = try await context.ledger.identityState(of: leaf)
      }
      return GenerationState(
        number: number, content: GenerationContent(generation), identity: identity,
        trustNotAfter: certificates.values.map(\.validity.notAfter).min())
    }
    return nil
  }

  private func tellMadeAnew(_ settings: KeystoreSettings, _ number: Int, _ error: any Error) {
    context.logger.notice(
      "the content of generation \(number) is written anew, since its own files cannot be used: \(error)",
      metadata: ["keystore": .string(settings.name)])
  }
}

extension DeliveryError {
  /// Whether the generation's own files were damaged, rather than the places where they go out of reach.
  var isOwnDamage: Bool {
    switch reason {
    case .damaged, .notMended, .manifestUnreadable, .noSuchGeneration: true
    case .system, .invalidItem, .generationExists: false
    }
  }
}
