// SPDX-License-Identifier: Apache-2.0

import Delivery
import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Planning
import Settings
import SystemPackage

/// Runs the hooks that a new generation owes, at least once each, until they succeed.
struct HookExecutor: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf
  private let runner: HookRunner

  /// - Parameters:
  ///   - context: what every step needs.
  ///   - shelf: where generations lie.
  ///   - runner: gives a hook two seconds to end by itself, so that the daemon ends within its five.
  init(context: RotationContext, shelf: GenerationShelf, runner: HookRunner = HookRunner(grace: .seconds(2))) {
    self.context = context
    self.shelf = shelf
    self.runner = runner
  }

  /// Runs the hook `id` once and records what came of it.
  ///
  /// - Throws: `LedgerError`; `CancellationError` when the daemon ends meanwhile, so that the hook runs again later.
  func run(_ id: Int64) async throws {
    guard let hook = try await context.ledger.pendingHooks().first(where: { $0.id == id }) else {
      return await context.landscape.update { $0.hooks.removeAll { $0.id == id } }
    }
    let state = await context.landscape.inventory.keystores[hook.keystore] ?? KeystoreState()
    let keystore = await context.landscape.configuration.keystore(named: hook.keystore)?.inForce(state)
    guard let keystore, keystore.owedAfterChange.contains(where: { $0.arguments == hook.arguments }) else {
      return try await abandon(hook)
    }
    let command = hook.arguments.joined(separator: " ")
    let outcome = await execute(hook, of: keystore) { line in
      context.logger.info("\(line)", metadata: ["keystore": .string(hook.keystore), "hook": .string(command)])
    }
    if outcome == .cancelled { throw CancellationError() }
    try await record(outcome, of: hook)
  }

  private func execute(
    _ hook: PendingHook, of keystore: KeystoreSettings, onLine: @escaping @Sendable (String) -> Void
  ) async -> HookOutcome {
    guard let login = keystore.logins.first(where: { $0.arguments == hook.arguments }) else {
      let order = Hook(arguments: hook.arguments, environment: environment(of: hook), deadline: hook.deadline)
      return await runner.run(order, onLine: onLine)
    }
    do {
      return await Sapgenpse(login.settings.tool, files: context.files, runner: runner)
        .login(
          hook.arguments, to: login.pse, pin: try login.pin(context.credentials), access: try login.access(),
          in: context.layout.scratch, onLine: onLine)
    } catch {
      return .couldNotStart(reason: error.description)
    }
  }

  /// A hook that the configuration no longer names is not what the operator wants to run.
  private func abandon(_ hook: PendingHook) async throws {
    let record = HookRunRecord(
      outcome: "the configuration no longer names it", exitStatus: nil, attempts: hook.attempts, next: .abandon)
    try await context.ledger.recordHook(hook.id, record, at: context.clock.now())
    await context.landscape.update { $0.hooks.removeAll { $0.id == hook.id } }
  }

  private func environment(of hook: PendingHook) -> [String: String] {
    [
      "CERTROTD_KEYSTORE": hook.keystore, "CERTROTD_GENERATION": String(hook.generation),
      "CERTROTD_DIRECTORY": context.layout.keystore(hook.keystore).appending("current").string,
    ]
  }

  private func record(_ outcome: HookOutcome, of hook: PendingHook) async throws {
    let now = context.clock.now()
    let before =
      await context.landscape.inventory.hooks.first { $0.id == hook.id }
      ?? HookState(id: hook.id, keystore: hook.keystore, generation: hook.generation)
    let cadence = await context.landscape.cadence(of: .runHook(id: hook.id))
    let schedule = before.schedule.failed(at: now, cadence: cadence, reason: outcome.description)
    let next: HookRunRecord.Next =
      outcome == .succeeded ? .done : .retry(at: schedule.nextAttempt ?? now.addingTimeInterval(60))
    try await context.ledger.recordHook(
      hook.id,
      HookRunRecord(
        outcome: outcome.description, exitStatus: outcome.exitStatus, attempts: hook.attempts + 1, next: next),
      at: now)
    await context.landscape.update { inventory in
      if next == .done {
        inventory.hooks.removeAll { $0.id == hook.id }
      } else if let index = inventory.hooks.firstIndex(where: { $0.id == hook.id }) {
        inventory.hooks[index].attempts += 1
        inventory.hooks[index].schedule = schedule
      }
    }
    try await tell(outcome, hook, isLogin: before.isLogin, next: schedule.nextAttempt)
  }

  private func tell(_ outcome: HookOutcome, _ hook: PendingHook, isLogin: Bool, next: Date?) async throws {
    var fields: [EventField: String] = [
      .keystore: hook.keystore, .hook: hook.arguments.joined(separator: " "), .generation: String(hook.generation),
    ]
    let subject = LedgerSubject(.keystore, hook.keystore)
    guard outcome != .succeeded else {
      guard hook.attempts > 0 else { return }
      let failures = hook.attempts == 1 ? "one failure" : "\(hook.attempts) failures"
      let message = "the hook \(hook.arguments[0]) of keystore \(hook.keystore) succeeded after \(failures)"
      return try await context.tell([.init(.hookRecovered, message: message, fields: fields)], of: subject)
    }
    guard hook.attempts == 0 else { return }
    fields[.reason] = outcome.description
    fields[.attempts] = "1"
    if let next { fields[.nextAttempt] = EventTime.text(next) }
    let waiting = isLogin ? ", and the hooks of the keystore wait for the credentials that it writes" : ""
    let message = """
      the hook \(hook.arguments[0]) of keystore \(hook.keystore) failed and is tried again\(waiting): \(outcome)
      """
    try await context.tell([.init(.hookFailed, message: message, fields: fields)], of: subject)
  }
}

extension HookOutcome {
  /// What the ledger keeps: the exit status, where there was one.
  fileprivate var exitStatus: Int32? {
    switch self {
    case .succeeded: 0
    case .exited(let code): code
    case .signalled, .timedOut, .cancelled, .couldNotStart, .failed: nil
    }
  }
}
