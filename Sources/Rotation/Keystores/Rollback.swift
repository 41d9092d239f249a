// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import Logging
import OpenSSLBridge
import Planning
package import Settings

/// Brings an earlier generation of a keystore back; a running daemon notices and leaves it so until its content changes.
package struct Rollback: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf

  package init(context: RotationContext, shelf: GenerationShelf) {
    self.context = context
    self.shelf = shelf
  }

  /// A generation that was passed over since its files are not whole or of no use now, and what is wrong, one sentence.
  package struct Skipped: Sendable, Hashable {
    package let generation: Int
    package let reason: String
  }

  /// What came of it.
  package struct Outcome: Sendable, Hashable {
    /// The number of the generation that was meant.
    package let wanted: Int
    /// That of the one that is in force now.
    package let inForce: Int
    /// That of the one that was in force before.
    package let previous: Int
    /// Which were passed over, newest first, where no target was named.
    package let skipped: [Skipped]
    /// What does not work with it now, each one sentence.
    package let warnings: [String]
  }

  /// Puts generation `target` back in force, or the newest before the current that can be used.
  ///
  /// Without a target, one whose files are damaged, whose identity has ended, or that has only another password than in force
  /// is passed over. Who names one whose identity
  /// has ended, or whose trust list does not verify an endpoint, is warned and gets it.
  ///
  /// Where its files have another password than their credentials hold now, its content is written as a new generation with
  /// the password of now: consumers could not open the old files.
  ///
  /// - Throws: ``RollbackError``, `DeliveryError`, `LedgerError`, `SystemError`.
  package func run(
    _ settings: KeystoreSettings, to target: Int?
  ) async throws -> Outcome {
    let state = await context.landscape.inventory.keystores[settings.name] ?? KeystoreState()
    let settings = settings.inForce(state)
    let store = shelf.store(of: settings.name)
    let (current, candidates) = try await candidates(of: settings, store)
    let choices = candidates.filter { target == nil ? $0.number < current.number : $0.number == target }
    var skipped: [Skipped] = []
    for wanted in choices {
      let end = try await endOfIdentity(in: wanted, settings)
      if target == nil, let end {
        skipped.append(Skipped(generation: wanted.number, reason: "\(end); who names its number gets it all the same"))
        continue
      }
      let warnings = [end].compactMap(\.self) + (try await gaps(of: wanted, settings))
      do {
        let number = try await goTo(wanted, from: current, store, settings, passing: skipped, warnings)
        return Outcome(
          wanted: wanted.number, inForce: number, previous: current.number, skipped: skipped, warnings: warnings)
      } catch let error as DeliveryError where error.isOwnDamage && target == nil {
        // Nothing was changed: what is in force was judged before anything else.
        skipped.append(Skipped(generation: wanted.number, reason: error.description))
      } catch RollbackError.onlyPassword where target == nil && choices.count > 1 {
        skipped.append(
          Skipped(generation: wanted.number, reason: "nothing but its password or PIN is another than in force"))
      }
    }
    guard skipped.isEmpty else { throw RollbackError.noneWhole(settings.name, current: current.number, skipped) }
    throw RollbackError.notKept(
      settings.name, target, current: current.number, kept: candidates.map(\.number).sorted())
  }

  /// Puts `wanted` in force by the hand of an operator, and tells.
  private func goTo(
    _ wanted: StoredGeneration, from current: StoredGeneration, _ store: GenerationStore, _ settings: KeystoreSettings,
    passing skipped: [Skipped], _ warnings: [String]
  ) async throws -> Int {
    let isBack = wanted.number < current.number
    let step = "an operator \(isBack ? "rolled back" : "went on") from generation \(current.number) to \(wanted.number)"
    let reason = ([step] + warnings + skipped.map(\.description)).joined(separator: "; ")
    return try await put(wanted, inPlaceOf: current, store, settings, .byHand, because: reason) { number in
      Events.Raised(
        .keystoreRolledBack,
        message: "keystore \(settings.name) went \(isBack ? "back" : "on to a later generation"): \(reason)",
        fields: [
          .keystore: settings.name, .generation: String(number), .previousGeneration: String(current.number),
          .reason: reason,
        ])
    }
  }

  /// That the identity of `wanted` has ended, or its key was deleted on the platform, in a sentence; nil while neither is
  /// so, or it has none, or nobody can tell.
  private func endOfIdentity(in wanted: StoredGeneration, _ settings: KeystoreSettings) async throws -> String? {
    guard let leaf = wanted.leaf else { return nil }
    let sources = await context.landscape.inventory.serviceKeys.values
    if let lost = sources.lazy.compactMap({ $0.lost(leaf) }).first { return lost.sentence }
    let known =
      try await context.ledger.certificates([leaf])[leaf]
      ?? ReadableGeneration(
        wanted.number, of: settings.readable, on: shelf, credentials: context.credentials
      ).found?.certificate
    guard let end = known?.validity.notAfter, end <= context.clock.now() else { return nil }
    return "its identity ended at \(TimeText.instant(end)), and nobody accepts it any more"
  }

  /// Which endpoints the trust list of `wanted` does not verify by what they sent last, each in a sentence.
  private func gaps(of wanted: StoredGeneration, _ settings: KeystoreSettings) async throws -> [String] {
    guard settings.hasTrustList else { return [] }
    let assembler = ContentAssembler(ledger: context.ledger, bundles: BundleReader(files: context.files))
    let trust: [Certificate]
    do {
      let found = try await assembler.certificates(Set(wanted.trust), of: settings)
      guard found.count == Set(wanted.trust).count else { return [] }
      trust = Array(found.values)
    } catch let error as BundleError {
      context.logger.warning(
        "the trust list of generation \(wanted.number) cannot be judged: \(error)",
        metadata: ["keystore": .string(settings.name)])
      return []
    }
    let chains = try await assembler.endpointChains(of: settings, in: await context.landscape.configuration)
    return KeystoreJudge.gaps(in: trust, towards: chains, now: context.clock.now()).map(\.description)
  }

  /// Puts generation `target` back in force in place of `withdrawn`, which was refused, as ``run(_:to:)`` does; no event tells.
  ///
  /// To go on with it after a crash is the same as to begin.
  ///
  /// - Returns: the number of the generation that is in force now.
  /// - Throws: as ``run(_:to:)``.
  func bringBack(
    _ target: Int, of settings: KeystoreSettings, insteadOf withdrawn: Int, because reason: String
  ) async throws -> Int {
    let store = shelf.store(of: settings.name)
    let (current, candidates) = try await candidates(of: settings, store)
    guard current.number == withdrawn, let wanted = candidates.first(where: { $0.number == target }) else {
      throw RollbackError.notKept(
        settings.name, target, current: current.number, kept: candidates.map(\.number).sorted())
    }
    return try await put(wanted, inPlaceOf: current, store, settings, .broughtBack, because: reason)
  }

  /// The generation in force, and those that it may make room for, newest first.
  private func candidates(
    of settings: KeystoreSettings, _ store: GenerationStore
  ) async throws -> (current: StoredGeneration, others: [StoredGeneration]) {
    guard let current = try await context.ledger.currentGeneration(settings.name) else {
      throw RollbackError.noGeneration(settings.name)
    }
    let kept = try store.list()
    let known = try await context.ledger.generations(settings.name, limit: LedgerStore.generationsPerKeystore)
    return (
      current, known.filter { $0.number != current.number && kept.contains($0.number) && $0.wasInForce }
    )
  }

  /// Puts `wanted` in force, on disk and then in the ledger; what `news` says of the number is told.
  ///
  /// - Returns: its number, or that of the same content made anew with the passwords of now.
  private func put(
    _ wanted: StoredGeneration, inPlaceOf current: StoredGeneration, _ store: GenerationStore,
    _ settings: KeystoreSettings, _ origin: ConfirmationOrigin, because reason: String,
    telling news: ((Int) -> Events.Raised)? = nil
  ) async throws -> Int {
    let subject = LedgerSubject(.keystore, settings.name)
    do {
      try shelf.refuseCollisions(
        of: wanted.number, keystore: settings.name, in: await context.landscape.configuration)
    } catch let collision as OutputCollision {
      throw RollbackError.foreignPath(settings.name, wanted.number, collision)
    }
    if opens(wanted.number, settings) == false {
      guard GenerationContent(wanted) != GenerationContent(current) else {
        throw RollbackError.onlyPassword(settings.name, wanted.number)
      }
      let number = try await makeAnew(wanted, of: settings, replacing: current, origin, because: reason)
      if let news { try await context.tell([news(number)], of: subject) }
      return number
    }
    let damage = news == nil ? nil : shelf.damageToTell(of: current.number, keystore: settings.name)
    let found = damage.map { GenerationNews.repaired(settings, wanted.number, at: $0.path, $0.text, .left) }
    let whole = damage == nil ? nil : GenerationNews.whole(settings, wanted.number)
    let told = context.entries([found, news?(wanted.number), whole].compactMap(\.self), of: subject)
    context.tellMended(try store.activate(wanted.number), wanted.number, of: settings.name)
    do {
      try await context.ledger.rollBackGeneration(
        settings.name, from: current.number, to: wanted.number, reason: reason, hooks: settings.owedAfterChange,
        confirming: settings.confirm == nil ? nil : origin, telling: told, at: context.clock.now())
    } catch {
      // The ledger is full, or the daemon has put another generation in force meanwhile.
      try await putBack(store, of: settings.name, insteadOf: wanted.number, because: error)
      throw error
    }
    try await context.tell(recorded: told)
    if damage != nil { context.mend(current.number, of: settings.name, in: shelf) }
    return wanted.number
  }

  /// Puts in force what the ledger says is, after a rollback that it did not take: ledger and disk agree again.
  private func putBack(
    _ store: GenerationStore, of keystore: String, insteadOf number: Int, because error: LedgerError
  ) async throws {
    guard let recorded = try await context.ledger.currentGeneration(keystore)?.number, recorded != number else {
      return
    }
    do {
      _ = try store.activate(recorded)
    } catch let second {
      context.logger.error(
        "generation \(recorded) could not be put back after \(error): \(second)",
        metadata: ["keystore": .string(keystore)])
    }
  }

  /// Whether the files open with the passwords of now; nil where that cannot be told, as without the unit's credentials.
  ///
  /// A running daemon has these, finds out, and makes the files anew.
  private func opens(_ generation: Int, _ settings: KeystoreSettings) -> Bool? {
    do {
      let outputs = try KeystoreOutput.resolve(settings, credentials: context.credentials)
      return try shelf.opens(generation, keystore: settings.name, outputs)
    } catch {
      context.logger.notice(
        "whether the files of generation \(generation) open with the passwords of now is not known here: \(error)",
        metadata: ["keystore": .string(settings.name)])
      return nil
    }
  }

  private func makeAnew(
    _ wanted: StoredGeneration, of settings: KeystoreSettings, replacing current: StoredGeneration,
    _ origin: ConfirmationOrigin, because reason: String
  ) async throws -> Int {
    let assembler = ContentAssembler(ledger: context.ledger, bundles: BundleReader(files: context.files))
    let writer = GenerationWriter(
      context: context, assembler: assembler, shelf: shelf,
      trustKeeper: TrustKeeper(context: context, assembler: assembler),
      reviewer: TrustReviewer(context: context, assembler: assembler))
    do {
      return try await writer.write(
        GenerationContent(wanted).made(by: settings), for: settings, in: context.landscape.configuration,
        because: .passwordChanged,
        replacing: GenerationState(number: current.number, content: GenerationContent(current)), isRestored: true,
        withdrawing: reason, confirming: origin
      ).number
    } catch let error as LedgerError {
      throw error
    } catch {
      throw RollbackError.otherPassword(settings.name, wanted.number, String(describing: error))
    }
  }
}

extension Rollback.Skipped: CustomStringConvertible {
  package var description: String { "generation \(generation) was passed over: \(reason)" }
}

/// Why a keystore cannot go back.
package enum RollbackError: Error, Sendable, Hashable {
  case noGeneration(String)
  /// What was asked for is not there; nil is the one before the current.
  case notKept(String, Int?, current: Int, kept: [Int])
  /// The files of every earlier generation are damaged, or of no use now.
  case noneWhole(String, current: Int, [Rollback.Skipped])
  /// Another keystore writes a file of it now.
  case foreignPath(String, Int, OutputCollision)
  /// Nothing but the password of its files is another than in force.
  case onlyPassword(String, Int)
  /// Its files have another password than their credentials hold now, and could not be made anew for this reason.
  case otherPassword(String, Int, String)
}

extension RollbackError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noGeneration(let keystore):
      return "keystore \(keystore) has no generation yet"
    case .noneWhole(let keystore, let current, let skipped):
      return """
        keystore \(keystore) has no earlier generation that could be used, and generation \(current) stays in force: \
        \(skipped.map(\.description).joined(separator: "; "))
        """
    case .foreignPath(let keystore, let wanted, let collision):
      return "generation \(wanted) of keystore \(keystore) cannot come back, and nothing was changed: \(collision)"
    case .onlyPassword(let keystore, let wanted):
      return """
        generation \(wanted) of keystore \(keystore) differs from the one in force by its password or PIN only, which is \
        another than its credential holds now: put the former one back into the credential, and certrotd makes the files \
        with it
        """
    case .otherPassword(let keystore, let wanted, let reason):
      return """
        the files of generation \(wanted) of keystore \(keystore) have another password than their credential holds now, and \
        could not be made anew with that one; nothing was changed: \(reason)
        """
    case .notKept(let keystore, let wanted, let current, _) where wanted == current:
      return "generation \(current) of keystore \(keystore) is in force already"
    case .notKept(let keystore, let wanted, let current, let kept):
      let what = wanted.map { "keystore \(keystore) keeps no generation \($0) that worked" }
      let numbers = kept.map(String.init).joined(separator: ", ")
      let others = kept.isEmpty ? "and no other is kept" : "and kept are \(numbers)"
      return "\(what ?? "keystore \(keystore) has no earlier generation"): generation \(current) is in force, \(others)"
    }
  }
}
