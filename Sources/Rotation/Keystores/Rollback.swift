// SPDX-License-Identifier: Apache-2.0

import Delivery
import FoundationEssentials
import Host
import Journal
import Ledger
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

  /// Puts generation `target`, or the one before the current, back in force.
  ///
  /// - Returns: the number of the generation that is in force now.
  /// - Throws: ``RollbackError``, `DeliveryError`, `LedgerError`, `SystemError`.
  package func run(_ settings: KeystoreSettings, to target: Int?) async throws -> Int {
    let store = shelf.store(of: settings.name)
    guard let current = try await context.ledger.currentGeneration(settings.name) else {
      throw RollbackError.noGeneration(settings.name)
    }
    let kept = try store.list()
    let known = try await context.ledger.generations(settings.name, limit: LedgerStore.generationsPerKeystore)
    let candidates = known.filter { $0.number != current.number && kept.contains($0.number) && $0.currentSince != nil }
    let wanted =
      target.map { number in candidates.first { $0.number == number } }
      ?? candidates.first {
        $0.number < current.number
      }
    guard let wanted else {
      throw RollbackError.notKept(
        settings.name, target, current: current.number, kept: candidates.map(\.number).sorted())
    }
    _ = try store.activate(wanted.number)
    let reason = "an operator rolled back from generation \(current.number) to \(wanted.number)"
    try await context.ledger.rollBackGeneration(
      settings.name, from: current.number, to: wanted.number, reason: reason,
      hooks: settings.owedAfterChange, at: context.clock.now())
    let event = Events.Raised(
      .keystoreRolledBack, message: "keystore \(settings.name) went back: \(reason)",
      fields: [
        .keystore: settings.name, .generation: String(wanted.number), .previousGeneration: String(current.number),
        .reason: reason,
      ])
    try await context.tell([event], of: LedgerSubject(.keystore, settings.name))
    return wanted.number
  }
}

/// Why a keystore cannot go back.
package enum RollbackError: Error, Sendable, Hashable {
  case noGeneration(String)
  /// What was asked for is not there; nil is the one before the current.
  case notKept(String, Int?, current: Int, kept: [Int])
}

extension RollbackError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noGeneration(let keystore):
      return "keystore \(keystore) has no generation yet"
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
