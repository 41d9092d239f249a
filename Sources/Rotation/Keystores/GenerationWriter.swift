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
import SystemPackage

/// Gives a keystore a new generation: writes it beside the current one, reads it back, judges it, and only then puts it
/// in force (the fourth promise: never break what works).
///
/// The ledger knows the intent before each act and the outcome after it, so that a restart can go on from any point.
struct GenerationWriter: Sendable {
  let context: RotationContext
  let assembler: ContentAssembler
  let shelf: GenerationShelf
  private let trustKeeper: TrustKeeper
  private let reviewer: TrustReviewer
  private let renderer: OutputRenderer

  init(
    context: RotationContext, assembler: ContentAssembler, shelf: GenerationShelf, trustKeeper: TrustKeeper,
    reviewer: TrustReviewer
  ) {
    self.context = context
    self.assembler = assembler
    self.shelf = shelf
    self.trustKeeper = trustKeeper
    self.reviewer = reviewer
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
    let before = inventory.keystores[keystore] ?? KeystoreState()
    let cadence = await context.landscape.cadence(of: .write(keystore: keystore))
    guard case .write(let content, let reason) = decision else {
      if case .stuck(let standstill) = decision {
        return try await stop(settings, before.writing, cadence, because: standstill)
      }
      guard decision.isSettled, before.writing.failures > 0 else { return }
      return try await finish(
        settings, before.writing.succeeded(at: now, cadence: cadence), because: Reason.failureOutlived.description)
    }
    let window = WriteWindow.judge(settings, content, because: reason, trust, inventory, at: now)
    // It closed since the plan was made, or the reason is another one now.
    if case .closed = window { return }
    do {
      let damage = before.isRestored(by: reason) ? nil : shelf.damageToTell(of: before, keystore: keystore)
      let (state, loss) = try await restoredOrWritten(
        content, for: settings, in: configuration, before, because: reason, repairing: damage)
      if damage != nil, let left = before.current { context.mend(left.number, of: settings.name, in: shelf) }
      if case .ignored(let notAfter) = window {
        try await context.tell(
          [GenerationNews.windowIgnored(settings, state.number, notAfter)], of: LedgerSubject(.keystore, keystore))
      }
      try await trustKeeper.settle(settings)
      let confirmation = try await context.confirmation(of: settings)
      await context.landscape.update { inventory in
        inventory.keystores[keystore, default: KeystoreState()].takeOver(
          state, isRestored: before.isRestored(by: reason))
        inventory.keystores[keystore]?.confirmation = confirmation
      }
      let lasting = before.tellsOfWhole(by: reason) ? shelf.damage(of: state.number, keystore: keystore) : nil
      if let lasting { await context.landscape.update { $0.keystores[keystore]?.damage = lasting } }
      if let failure: any Error = lasting.map(LastingDamage.init) ?? loss {
        let schedule = before.writing.failed(at: now, cadence: cadence, reason: "\(failure)")
        try await fail(settings, schedule, content, failure)
      } else {
        let repaired = damage != nil || before.isRepaired(by: reason) ? state.number : nil
        try await finish(settings, before.writing.succeeded(at: now, cadence: cadence), repairing: repaired)
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      if case AssemblyError.identityGone(let leaf) = error, await isReplaced(leaf, in: settings) { return }
      let ledgerError = error as? LedgerError
      if let ledgerError, !ledgerError.concernsOneValue { throw error }
      let schedule = before.writing.failed(at: now, cadence: cadence, reason: String(describing: error))
      try await fail(settings, schedule, content, error)
      if ledgerError != nil { try await replaceDamagedIdentities(of: settings) }
    }
    try await reviewer.review(settings)
  }

  /// What is in force then, and what its trust list keeps though it was not planned, if anything.
  private func restoredOrWritten(
    _ content: GenerationContent, for settings: KeystoreSettings, in configuration: Configuration,
    _ state: KeystoreState, because reason: Reason, repairing damage: GenerationShelf.FoundDamage?
  ) async throws -> (GenerationState, TrustLoss?) {
    try refuseCollisions(Set(settings.outsidePaths), of: settings.name, in: configuration)
    guard state.isRestored(by: reason), let current = state.current else {
      let candidate = try await candidate(content, for: settings, in: configuration, state)
      let written = try await write(
        candidate.content, for: settings, in: configuration, because: reason, replacing: state.current,
        verifying: candidate.verified, repairing: damage.map { ($0.path, $0.text) })
      return (written, candidate.loss)
    }
    guard case .damaged = reason else {
      let content = current.content.made(by: settings)
      let written = try await write(
        content, for: settings, in: configuration, because: reason, replacing: current, isRestored: true)
      return (written, nil)
    }
    let restored = try await restore(
      current, of: settings, in: configuration, damage: state.damage ?? reason.description, because: reason)
    return (restored, nil)
  }

  /// Writes and activates a generation.
  ///
  /// - Parameters:
  ///   - content: what to write.
  ///   - settings: the keystore's, with what they leave open.
  ///   - configuration: what is in force.
  ///   - reason: why.
  ///   - current: what comes back when the new generation cannot be put in force.
  ///   - chains: what the trust list has to verify.
  ///   - isRestored: whether the content was in force before, so that its identity may be one that was replaced since.
  ///   - repair: the file that was damaged and what was wrong, which is told before what was written in its place.
  ///   - withdrawal: why `current` is withdrawn in its favour, so that its content is not written again; nil where it is
  ///     only superseded.
  ///   - origin: how it comes about, where it has to be confirmed.
  /// - Returns: what is in force then.
  /// - Throws: what cannot be put together, made or put in place, after which `current` is in force; `LedgerError`.
  func write(
    _ content: GenerationContent, for settings: KeystoreSettings, in configuration: Configuration,
    because reason: Reason, replacing current: GenerationState?, verifying chains: [KeystoreJudge.EndpointChain] = [],
    isRestored: Bool = false, repairing repair: (path: FilePath, damage: String)? = nil,
    withdrawing withdrawal: String? = nil, confirming origin: ConfirmationOrigin = .written
  ) async throws -> GenerationState {
    let outputs = try KeystoreOutput.resolve(settings, credentials: context.credentials)
    let wanted = try await assembler.assemble(content, for: settings, isRestored: isRestored)
    let now = context.clock.now()
    let store = shelf.store(of: settings.name)
    let number = try await context.ledger.beginGeneration(
      NewGeneration(
        keystore: settings.name, recipe: content.recipe, leaf: content.identityLeaf, trust: content.trust.sorted(),
        reason: reason.description, above: try store.list().last ?? 0), at: now)
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
    let (hooks, end) = (settings.owedAfterChange, context.clock.now())
    let owing = settings.confirm == nil ? nil : origin
    let damaged = repair.map {
      GenerationNews.repaired(settings, number, at: $0.path, $0.damage, isRestored ? .madeAnew : .left)
    }
    let written = GenerationNews.written(settings, number, wanted, reason, previous: current?.number)
    let news = context.entries([damaged, written].compactMap(\.self), of: LedgerSubject(.keystore, settings.name))
    if let withdrawal, let current {
      try await context.ledger.rollBackGeneration(
        settings.name, from: current.number, to: number, reason: withdrawal, hooks: hooks, confirming: owing,
        telling: news, at: end)
    } else {
      try await context.ledger.markGeneration(
        settings.name, number, .current, hooks: hooks, confirming: owing, telling: news, at: end)
    }
    try await context.tell(recorded: news)
    try await GenerationPruning(context: context, shelf: shelf)
      .prune(settings, keep: configuration.defaults.keepGenerations)
    try await renewHooks(in: configuration)
    return GenerationState(
      number: number, content: content,
      identity: wanted.identity.map { IdentityState($0.certificate, issuers: $0.issuers) },
      trustNotAfter: wanted.trust.map(\.validity.notAfter).min())
  }

  /// Makes sure that no other keystore writes `paths`, by whatever name: two would overwrite each other for ever.
  private func refuseCollisions(
    _ paths: Set<FilePath>, of keystore: String, in configuration: Configuration
  ) throws(OutputCollision) {
    let files = HostConfigurationFiles(files: context.files)
    if let found = OutputCollision.find(among: paths, of: keystore, in: configuration, files: files) { throw found }
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
    let activation = try store.activate(number)
    context.tellMended(activation, number, of: settings.name)
    for error in activation.leftBehind {
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

  // `repaired` is the generation in force where damaged files were put right.
  private func finish(
    _ settings: KeystoreSettings, _ schedule: Schedule,
    because reason: String = "a generation was written and judged good", repairing repaired: Int? = nil
  ) async throws {
    await context.landscape.update { inventory in
      inventory.keystores[settings.name]?.writing = schedule
      inventory.keystores[settings.name]?.failedContent = nil
    }
    let (_, before) = try await context.record(schedule, of: .write(settings.name), condition: nil)
    let event: Events.Raised
    if let repaired {
      event = GenerationNews.whole(settings, repaired)
    } else {
      guard before != nil else { return }
      event = Events.Raised(
        .keystoreRecovered, message: "keystore \(settings.name) is in order again: \(reason)",
        fields: [.keystore: settings.name, .reason: reason])
    }
    try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
  }

  /// Tells that nothing can be written before somebody acts; once that was done, it is written without delay.
  private func stop(
    _ settings: KeystoreSettings, _ before: Schedule, _ cadence: Cadence, because standstill: Standstill
  ) async throws {
    guard !standstill.isToldElsewhere else { return }
    let now = context.clock.now()
    var schedule = before.failed(at: now, cadence: cadence, reason: standstill.sentence)
    schedule.nextAttempt = now
    try await fail(settings, schedule, nil, KeystoreStopped(standstill))
  }

  // `content` is what was tried to write; nil where nothing was.
  private func fail(
    _ settings: KeystoreSettings, _ schedule: Schedule, _ content: GenerationContent?, _ error: any Error
  ) async throws {
    await context.landscape.update { inventory in
      var state = inventory.keystores[settings.name] ?? KeystoreState()
      state.writing = schedule
      state.failedContent = content
      state.unfinished = nil
      inventory.keystores[settings.name] = state
    }
    let state = await context.landscape.inventory.keystores[settings.name] ?? KeystoreState()
    guard
      try await context.record(schedule, of: .write(settings.name), failure: String(describing: error))
    else { return }
    let advice =
      (error as? DeliveryError)?.isForeignAccount == true && state.adoption?.form != nil
      ? ". Owner, group and mode are those of the file that was taken over, unless 'owner', 'group' and 'mode' say otherwise"
      : ""
    var fields: [EventField: String] = [
      .keystore: settings.name, .reason: String(describing: error), .culprit: Culprit.ofWriting(error).rawValue,
      .attempts: String(schedule.failures),
    ]
    if content != nil { fields[.nextAttempt] = schedule.nextAttempt.map(EventTime.text) }
    let what =
      error is TrustLoss
      ? "the trust list of keystore \(settings.name) keeps what was to leave it"
      : "keystore \(settings.name) could not be written, and \(state.consequence)"
    let event = Events.Raised(.keystoreFailed, message: "\(what): \(error)\(advice)", fields: fields)
    try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
  }
}

/// Nothing can be written before somebody acts.
struct KeystoreStopped: Error, CustomStringConvertible {
  let description: String

  fileprivate init(_ standstill: Standstill) { description = standstill.sentence }
}

extension GenerationContent {
  /// The same content in files as the settings have them now, which may have changed since.
  func made(by settings: KeystoreSettings) -> GenerationContent {
    GenerationContent(recipe: settings.filesRecipe, identityLeaf: identityLeaf, trust: trust)
  }
}

extension NewHook {
  init(_ hook: HookSettings) { self.init(arguments: hook.arguments, deadline: hook.deadline) }
}

extension KeystoreState {
  /// The generation is in force, and its files are as they should be.
  fileprivate mutating func takeOver(_ generation: GenerationState, isRestored: Bool) {
    current = generation
    (damage, unfinished) = (nil, nil)
    passwordChanged = false
    guard isRestored, heldContent != nil else {
      // Other content than what was rolled back is in force, and nothing is held any more.
      (heldContent, rolledBackTo) = (nil, nil)
      return
    }
    let isHeld = heldContent != generation.content
    rolledBackTo = isHeld ? generation.number : nil
    if !isHeld { heldContent = nil }
  }

  /// Whether damaged files of the current generation were put right, which `keystore.damaged` has told of.
  fileprivate func isRepaired(by reason: Reason) -> Bool {
    if case .damaged = reason { current != nil } else { false }
  }

  /// Whether somebody would be told that all is well once the files are in force.
  fileprivate func tellsOfWhole(by reason: Reason) -> Bool { isRepaired(by: reason) || writing.failures > 0 }

  /// Whether the plan wants the current generation put back, or its files made anew, rather than another content.
  fileprivate func isRestored(by reason: Reason) -> Bool {
    switch reason {
    case .damaged: current != nil
    case .passwordChanged: current != nil && heldContent != nil
    default: false
    }
  }
}

extension KeystoreState {
  /// What becomes of the files when no new ones can be written.
  fileprivate var consequence: String {
    if let damage { return "its files stay as they are (\(damage))" }
    return current == nil && unread == nil ? "there are none yet" : "the files in force stay"
  }
}
