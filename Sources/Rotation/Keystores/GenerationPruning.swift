// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ledger
import Logging
import Planning
import Settings

/// Removes the generations of keystores that are more than `keep-generations`.
struct GenerationPruning: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf

  init(context: RotationContext, shelf: GenerationShelf) {
    self.context = context
    self.shelf = shelf
  }

  /// Removes those of every keystore, and the rest of what was not removed or written to its end: what a crash or a
  /// fault of the disk left, or what a changed configuration does not keep any more.
  ///
  /// - Throws: `LedgerError`.
  func prune(_ configuration: Configuration) async throws {
    for keystore in configuration.keystores {
      do {
        try shelf.store(of: keystore.name).discardPartials()
      } catch {
        warn(of: keystore, error)
      }
      try await prune(keystore, keep: configuration.defaults.keepGenerations)
    }
  }

  /// Removes those of one keystore, of which `keep` stay beside the one that a refusal would bring back.
  ///
  /// What cannot be removed is told to the journal, and is removed another time.
  ///
  /// - Throws: `LedgerError`.
  func prune(_ settings: KeystoreSettings, keep: Int) async throws {
    let confirmation = try await context.confirmation(of: settings)
    do {
      try shelf.store(of: settings.name).prune(keep: keep, sparing: confirmation?.fallback)
    } catch {
      warn(of: settings, error)
    }
  }

  private func warn(of settings: KeystoreSettings, _ error: any Error) {
    context.logger.warning(
      "old generations could not be removed: \(error)", metadata: ["keystore": .string(settings.name)])
  }
}
