// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import Logging
import Planning
import Settings

/// Tries the files in force, and brings those before them back when they are refused for as long as the patience.
///
/// That they are to make room is recorded before anything of it is done, and a restart goes on with it.
struct KeystoreConfirmer: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf
  private let checker: ConfirmationChecker
  private let reviewer: TrustReviewer
  private let rollback: Rollback

  init(
    context: RotationContext, shelf: GenerationShelf, checker: ConfirmationChecker, reviewer: TrustReviewer
  ) {
    self.context = context
    self.shelf = shelf
    self.checker = checker
    self.reviewer = reviewer
    rollback = Rollback(context: context, shelf: shelf)
  }

  /// Does what is due of confirming `keystore`.
  ///
  /// - Throws: `LedgerError`; `CancellationError` when the daemon ends meanwhile, so that it is tried again later.
  func run(_ keystore: String) async throws {
    let (configuration, inventory) = (await context.landscape.configuration, await context.landscape.inventory)
    guard let declared = configuration.keystore(named: keystore), let confirm = declared.confirm,
      let state = inventory.keystores[keystore], let current = state.current,
      let confirmation = declared.confirmation(in: state),
      ConfirmationPlanner.time(declared, inventory, now: context.clock.now()) != nil
    else { return }
    let settings = declared.inForce(state)
    if case .withdrawing = confirmation.state { return try await withdraw(current.number, of: settings, confirmation) }
    if confirmation.origin == .broughtBack { try await tellWithdrawals(of: settings, current.number) }
    let checks = try await checker.run(settings, confirm, of: current.number, in: configuration)
    let now = context.clock.now()
    var next = confirmation.after(checks.finding, at: now, patience: confirm.patience)
    if case .withdrawing = next.state, let obstacle = try await obstacle(to: next, checks, of: settings, inventory, now)
    {
      next = next.kept(because: obstacle)
    }
    guard try await record(next, replacing: confirmation, of: settings, current.number) else { return }
    if case .withdrawing = next.state { try await withdraw(current.number, of: settings, next) }
  }

  /// Records what came of an attempt, and tells it where it is news.
  ///
  /// - Returns: false when another generation was put in force meanwhile, of which this says nothing.
  private func record(
    _ confirmation: GenerationConfirmation, replacing before: GenerationConfirmation, of settings: KeystoreSettings,
    _ number: Int
  ) async throws -> Bool {
    let isNews = confirmation.isNews(after: before)
    let told = isNews ? confirmation.told : confirmation
    guard try await context.ledger.record(StoredConfirmation(told), of: settings.name, number) else { return false }
    await context.landscape.update { inventory in
      guard inventory.keystores[settings.name]?.current?.number == number else { return }
      inventory.keystores[settings.name]?.confirmation = told
    }
    if isNews {
      let next = ConfirmationPlanner.time(
        settings, await context.landscape.inventory, now: context.clock.now())
      let event = ConfirmationNews.event(told, settings, number, next: next)
      try await context.tell([event].compactMap(\.self), of: LedgerSubject(.keystore, settings.name))
    }
    return true
  }

  /// Brings the generation before back; where that does not work, the one in force stays.
  private func withdraw(
    _ number: Int, of settings: KeystoreSettings, _ confirmation: GenerationConfirmation
  ) async throws {
    guard case .withdrawing(let trial) = confirmation.state else { return }
    let inForce: Int
    do {
      guard let fallback = confirmation.fallback else { throw NothingBefore() }
      inForce = try await rollback.bringBack(fallback, of: settings, insteadOf: number, because: trial.finding.reason)
    } catch let error as LedgerError {
      // Somebody else has put another generation in force; the ledger is read again, and says so.
      if case .impossibleTransition = error { return }
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      let kept = confirmation.kept(because: "the generation before cannot come back: \(error)")
      _ = try await record(kept, replacing: confirmation, of: settings, number)
      return
    }
    try await takeOver(inForce, insteadOf: number, settings)
    try await tellWithdrawals(of: settings, inForce)
    try await reviewer.review(settings)
  }

  /// Tells which generations made room; also of those of which a crash kept it from telling.
  private func tellWithdrawals(of settings: KeystoreSettings, _ inForce: Int) async throws {
    for (number, stored) in try await context.ledger.withdrawals(of: settings.name) {
      if case .withdrawing(let trial) = GenerationConfirmation(stored).state {
        let event = ConfirmationNews.rolledBack(settings, from: number, to: inForce, trial.finding)
        try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
      }
      try await context.ledger.forgetConfirmation(of: settings.name, number)
    }
  }

  /// The inventory learns what the ledger says now.
  private func takeOver(_ number: Int, insteadOf withdrawn: Int, _ settings: KeystoreSettings) async throws {
    let known = try await context.ledger.generations(settings.name, limit: LedgerStore.generationsPerKeystore)
    guard let current = known.first(where: { $0.number == number }) else { return }
    let content = GenerationContent(current)
    let held = known.first { $0.number == withdrawn }.map { GenerationContent($0) }
    var identity: IdentityState?
    if let leaf = current.leaf {
      identity = try await context.ledger.identityState(of: leaf)
    }
    let trust = try await context.ledger.certificates(Set(current.trust)).values.map(\.validity.notAfter).min()
    let state = GenerationState(number: number, content: content, identity: identity, trustNotAfter: trust)
    let confirmation = try await context.ledger.confirmation(of: settings.name).map { GenerationConfirmation($0) }
    await context.landscape.update { inventory in
      inventory.keystores[settings.name]?.current = state
      inventory.keystores[settings.name]?.damage = nil
      inventory.keystores[settings.name]?.heldContent = held == content ? nil : held
      inventory.keystores[settings.name]?.rolledBackTo = held == content ? nil : number
      inventory.keystores[settings.name]?.confirmation = confirmation
    }
    let configuration = await context.landscape.configuration
    await context.landscape.replaceHooks(
      try await context.ledger.pendingHooks().map { HookState($0, in: configuration) })
  }

  /// Why the generation before would be no better; nil where nothing is known that speaks against it.
  private func obstacle(
    to confirmation: GenerationConfirmation, _ checks: [ConfirmationChecker.Check], of settings: KeystoreSettings,
    _ inventory: Inventory, _ now: Date
  ) async throws -> String? {
    guard let number = confirmation.fallback else { return NothingBefore().description }
    let known = try await context.ledger.generations(settings.name, limit: LedgerStore.generationsPerKeystore)
    guard let before = known.first(where: { $0.number == number }),
      try shelf.store(of: settings.name).list().contains(number)
    else { return "generation \(number), which would come back, is not kept any more" }
    if let leaf = before.leaf {
      if let end = try await context.ledger.certificates([leaf])[leaf]?.validity.notAfter, end <= now {
        return "the identity of generation \(number), which would come back, ended at \(TimeText.instant(end))"
      }
      if inventory.serviceKeys.values.contains(where: { $0.keys.contains { $0.leaf == leaf && $0.role == .deleted } }) {
        return "the service key of generation \(number), which would come back, was deleted on the platform"
      }
    }
    if let finding = try await context.ledger.confirmation(of: settings.name, number)?.finding, finding.kind == .refused
    {
      return "generation \(number), which would come back, was refused, too: \(finding.reason)"
    }
    return try await isNoBetter(before, checks, now) ? "generation \(number) would verify no more of them" : nil
  }

  /// Whether trust lists alone are refused, and the list of `before` verifies no more of what was sent.
  private func isNoBetter(
    _ before: StoredGeneration, _ checks: [ConfirmationChecker.Check], _ now: Date
  ) async throws -> Bool {
    let refusals = checks.filter { $0.finding?.kind == .refused }
    let chains = refusals.compactMap(\.chain)
    guard !refusals.isEmpty, chains.count == refusals.count else { return false }
    let trust = try await context.ledger.certificates(Set(before.trust))
    return KeystoreJudge.gaps(in: Array(trust.values), towards: chains, now: now).count == chains.count
  }
}

/// There is nothing to come back.
private struct NothingBefore: Error, CustomStringConvertible {
  var description: String { "there is no generation before it that worked" }
}

extension GenerationConfirmation {
  /// Whether an operator has to be told.
  fileprivate func isNews(after before: GenerationConfirmation) -> Bool {
    switch state {
    case .confirmed:
      if case .confirmed = before.state { false } else { true }
    case .unconfirmed(let trial, _): trial.told != trial.finding.kind
    case .owed, .trying, .withdrawing: false
    }
  }

  /// The same once it was told.
  fileprivate var told: GenerationConfirmation {
    guard case .unconfirmed(var trial, let obstacle) = state else { return self }
    trial.told = trial.finding.kind
    var told = self
    told.state = .unconfirmed(trial, obstacle: obstacle)
    return told
  }
}
