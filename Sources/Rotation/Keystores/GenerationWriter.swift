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
import Settings

/// Gives a keystore a new generation: writes it beside the current one, reads it back, judges it, and only then puts it
/// in force (the fourth promise: never break what works).
///
/// The ledger knows the intent before each act and the outcome after it, so that a restart can go on from any point.
struct GenerationWriter: Sendable {
  let context: RotationContext
  private let assembler: ContentAssembler
  let shelf: GenerationShelf
  private let trustKeeper: TrustKeeper
  private let renderer: OutputRenderer

  init(
    context: RotationContext, assembler: ContentAssembler, shelf: GenerationShelf, trustKeeper: TrustKeeper
  ) {
    self.context = context
    self.assembler = assembler
    self.shelf = shelf
    self.trustKeeper = trustKeeper
    renderer = OutputRenderer(context: context)
  }

  /// Writes what is wanted for `keystore` now, if anything is.
  func run(_ keystore: String) async throws {
    let configuration = await context.landscape.configuration
    let inventory = await context.landscape.inventory
    guard
      let settings = configuration.keystore(named: keystore)?.inForce(inventory.keystores[keystore] ?? KeystoreState())
    else { return }
    let now = context.clock.now()
    let trust = TrustPlanner.wanted(settings, inventory, now: now)
    let decision = WritePlanner.decide(settings, inventory, trust: trust, now: now)
    guard case .write(let content, let reason) = decision else { return }
    let before = inventory.keystores[keystore] ?? KeystoreState()
    let cadence = await context.landscape.cadence(of: .write(keystore: keystore))
    do {
      let state = try await restoredOrWritten(content, for: settings, in: configuration, before, because: reason)
      try await trustKeeper.settle(settings)
      try await finish(settings, before.writing.succeeded(at: now, cadence: cadence)) { keystore in
        keystore.current = state
        keystore.damage = nil
        keystore.passwordChanged = false
        keystore.failedContent = nil
        guard before.isRestored(by: reason), keystore.heldContent != nil else { return }
        let isHeld = keystore.heldContent != state.content
        keystore.rolledBackTo = isHeld ? state.number : nil
        if !isHeld { keystore.heldContent = nil }
      }
    } catch let error as LedgerError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      let schedule = before.writing.failed(at: now, cadence: cadence, reason: String(describing: error))
      try await fail(settings, schedule, content, error)
    }
  }

  private func restoredOrWritten(
    _ content: GenerationContent, for settings: KeystoreSettings, in configuration: Configuration,
    _ state: KeystoreState, because reason: Reason
  ) async throws -> GenerationState {
    guard state.isRestored(by: reason), let current = state.current else {
      return try await write(content, for: settings, in: configuration, because: reason, replacing: state.current)
    }
    return try await restore(
      current, of: settings, in: configuration, damage: state.damage ?? reason.description, because: reason)
  }

  /// Writes and activates a generation.
  ///
  /// Where the content `isRestored`, having been in force before, what the endpoints have moved to since is no reason to
  /// leave the keystore without its files.
  func write(
    _ content: GenerationContent, for settings: KeystoreSettings, in configuration: Configuration,
    because reason: Reason, replacing current: GenerationState?, isRestored: Bool = false
  ) async throws -> GenerationState {
    let outputs = try KeystoreOutput.resolve(settings, credentials: context.credentials)
    let wanted = try await assembler.assemble(content, for: settings, isRestored: isRestored)
    let chains = isRestored ? [] : try await assembler.endpointChains(of: settings, in: configuration)
    let now = context.clock.now()
    let store = shelf.store(of: settings.name)
    let number = try await context.ledger.beginGeneration(
      NewGeneration(
        keystore: settings.name, recipe: content.recipe, leaf: content.identityLeaf, trust: content.trust.sorted(),
        reason: reason.description), at: now)
    do {
      let rendered = try await renderer.render(outputs, wanted, of: settings.name, now: now)
      try store.stage(number, try DeliverySet(GenerationShelf.items(outputs, rendered)))
      try judge(number, of: settings, outputs, wanted: wanted, chains: chains, now: now)
      try await context.ledger.markGeneration(settings.name, number, .staged, at: now)
      try activate(number, store, settings)
    } catch {
      try await withdraw(number, of: settings, restoring: current?.number, store, because: error)
      throw error
    }
    try await context.ledger.markGeneration(
      settings.name, number, .current, hooks: settings.owedAfterChange, at: context.clock.now())
    let keep = configuration.defaults.keepGenerations
    do {
      try store.prune(keep: keep)
    } catch {
      context.logger.warning(
        "old generations could not be removed: \(error)", metadata: ["keystore": .string(settings.name)])
    }
    try await context.tell(
      [GenerationNews.written(settings, number, wanted, reason, previous: current?.number)],
      of: LedgerSubject(.keystore, settings.name))
    try await renewHooks(in: configuration)
    return GenerationState(
      number: number, content: content, identity: wanted.identity.map { IdentityState($0.certificate) },
      trustNotAfter: wanted.trust.map(\.validity.notAfter).min())
  }

  /// The inventory learns which hooks are owed now.
  func renewHooks(in configuration: Configuration) async throws {
    await context.landscape.replaceHooks(
      try await context.ledger.pendingHooks().map { HookState($0, in: configuration) })
  }

  private func judge(
    _ number: Int, of settings: KeystoreSettings, _ outputs: [KeystoreOutput], wanted: KeystoreContent,
    chains: [KeystoreJudge.EndpointChain], now: Date
  ) throws {
    let read = try shelf.content(of: number, keystore: settings.name, outputs)
    var faults: [KeystoreFault] = []
    // What is wrong with the content is wrong in each file of it.
    for fault in read.flatMap({ KeystoreJudge.judge($0, wanted: wanted, endpointChains: chains, now: now) })
    where !faults.contains(fault) {
      faults.append(fault)
    }
    guard faults.isEmpty else { throw JudgementError(faults: faults) }
  }

  func activate(_ number: Int, _ store: GenerationStore, _ settings: KeystoreSettings) throws(DeliveryError) {
    for error in try store.activate(number).leftBehind {
      context.logger.warning("an old file is left behind: \(error)", metadata: ["keystore": .string(settings.name)])
    }
  }

  /// After a failure: what was in force is in force, on disk as in the ledger.
  private func withdraw(
    _ number: Int, of settings: KeystoreSettings, restoring current: Int?, _ store: GenerationStore,
    because error: any Error
  ) async throws {
    if let current, try store.current() != current || !store.damage(of: current).isEmpty {
      do {
        try activate(current, store, settings)
      } catch let second {
        context.logger.error(
          "generation \(current) could not be put back: \(second)", metadata: ["keystore": .string(settings.name)])
      }
    }
    try await context.ledger.markGeneration(
      settings.name, number, .failed(String(describing: error)), at: context.clock.now())
    do {
      // Nobody goes back to it, and its key must not lie about; what is tried every minute would fill the disk.
      try store.discard(number)
    } catch let second {
      context.logger.warning(
        "generation \(number), which failed, could not be removed: \(second)",
        metadata: ["keystore": .string(settings.name)])
    }
  }

  private func finish(
    _ settings: KeystoreSettings, _ schedule: Schedule, _ change: @Sendable (inout KeystoreState) -> Void
  ) async throws {
    await context.landscape.update { inventory in
      var state = inventory.keystores[settings.name] ?? KeystoreState()
      state.writing = schedule
      change(&state)
      inventory.keystores[settings.name] = state
    }
    let (_, before) = try await context.record(schedule, of: .write(settings.name), condition: nil)
    guard before != nil else { return }
    let event = Events.Raised(
      .keystoreRecovered, message: "keystore \(settings.name) is in order again",
      fields: [.keystore: settings.name, .reason: "a generation was written and judged good"])
    try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
  }

  private func fail(
    _ settings: KeystoreSettings, _ schedule: Schedule, _ content: GenerationContent, _ error: any Error
  ) async throws {
    await context.landscape.update { inventory in
      var state = inventory.keystores[settings.name] ?? KeystoreState()
      state.writing = schedule
      state.failedContent = content
      inventory.keystores[settings.name] = state
    }
    let state = await context.landscape.inventory.keystores[settings.name] ?? KeystoreState()
    let (isNew, _) = try await context.record(schedule, of: .write(settings.name), condition: "failed")
    guard isNew else { return }
    let advice =
      (error as? DeliveryError)?.isForeignAccount == true && state.adoption?.form != nil
      ? ". Owner, group and mode are those of the file that was taken over, unless 'owner', 'group' and 'mode' say otherwise"
      : ""
    var fields: [EventField: String] = [
      .keystore: settings.name, .reason: String(describing: error), .culprit: Self.culprit(of: error).rawValue,
      .attempts: String(schedule.failures),
    ]
    fields[.nextAttempt] = schedule.nextAttempt.map(EventTime.text)
    let event = Events.Raised(
      .keystoreFailed,
      message: "keystore \(settings.name) could not be written, and the files in force stay: \(error)\(advice)",
      fields: fields)
    try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
  }

  private static func culprit(of error: any Error) -> Culprit {
    if let error = error as? OutputError { return error.culprit }
    if let error = error as? DeliveryError { return error.culprit }
    if let error = error as? SapgenpseError { return error.culprit }
    if error is BundleError { return .configuration }
    return error is JudgementError ? .certrotd : .host
  }
}

/// The files that were written are not what was wanted.
struct JudgementError: Error, CustomStringConvertible {
  let faults: [KeystoreFault]

  var description: String {
    "the new files were judged bad: " + faults.map(\.description).joined(separator: "; ")
  }
}

extension NewHook {
  init(_ hook: HookSettings) { self.init(arguments: hook.arguments, deadline: hook.deadline) }
}

extension KeystoreState {
  /// Whether the plan wants the current generation put back rather than a new one.
  fileprivate func isRestored(by reason: Reason) -> Bool {
    guard case .damaged = reason else { return false }
    return current != nil
  }
}
