// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
package import Settings

/// Opens the files that have passwords with what their credentials hold now, remembers which have another one, and tells
/// of a credential that cannot be used before a renewal needs it.
///
/// One look follows the other, so that what comes of them is told once.
package actor PasswordReviewer {
  private let context: RotationContext
  private let knowledge: KnowledgeReader
  private let bell: Bell
  private var last: Task<Void, any Error>?

  package init(context: RotationContext, knowledge: KnowledgeReader, bell: Bell) {
    self.context = context
    self.knowledge = knowledge
    self.bell = bell
  }

  /// Looks at every keystore.
  ///
  /// - Throws: `LedgerError`.
  package func review() async throws { try await review(await context.landscape.configuration.keystores) }

  /// Looks at these keystores, which takes a twentieth of a second for each file.
  ///
  /// - Throws: `LedgerError`.
  package func review(_ keystores: [KeystoreSettings]) async throws {
    let previous = last
    let review = Task {
      _ = await previous?.result
      for keystore in keystores where !Task.isCancelled { try await look(at: keystore) }
    }
    last = review
    try await withTaskCancellationHandler {
      try await review.value
    } onCancel: {
      review.cancel()
    }
  }

  private func look(at keystore: KeystoreSettings) async throws {
    // Without files in force, the attempt to write the first ones tells.
    guard let state = await context.landscape.inventory.keystores[keystore.name], let current = state.current else {
      return
    }
    let finding = knowledge.passwords(of: current.number, keystore.inForce(state))
    guard finding != .unknown else { return }
    let fault: String? = if case .unusable(let sentence) = finding { sentence } else { nil }
    await context.landscape.update { inventory in
      // What was written meanwhile has the password of then.
      guard inventory.keystores[keystore.name]?.current?.number == current.number else { return }
      inventory.keystores[keystore.name]?.passwordFault = fault
      // Files that are damaged are restored first.
      guard let hasChanged = finding.hasChanged, state.damage == nil else { return }
      inventory.keystores[keystore.name]?.passwordChanged = hasChanged
    }
    if finding == .other { bell.ring() }
    try await tell(fault, of: keystore)
  }

  private func tell(_ fault: String?, of keystore: KeystoreSettings) async throws {
    let key = ScheduleKey.passwords(keystore.name)
    let wasTold = await context.landscape.conditions[key] != nil
    guard wasTold || fault != nil else { return }
    let now = context.clock.now()
    let schedule = Schedule(lastAttempt: now, reason: fault ?? "")
    let isNew = try await context.record(schedule, of: key, failure: fault, as: "unusable")
    let event: Events.Raised
    switch fault {
    case let fault? where isNew:
      event = Events.Raised(
        .credentialUnusable,
        message: "keystore \(keystore.name) cannot be written again before its password can be read: \(fault)",
        fields: [.keystore: keystore.name, .reason: fault, .culprit: Culprit.configuration.rawValue])
    case nil:
      event = Events.Raised(
        .keystoreRecovered, message: "keystore \(keystore.name) is in order again: its passwords can be used",
        fields: [.keystore: keystore.name, .reason: "its passwords can be used again"])
    default: return
    }
    try await context.tell([event], of: LedgerSubject(.keystore, keystore.name))
  }
}

/// How the passwords of a keystore's files stand to what their credentials hold now.
package enum PasswordFinding: Sendable, Hashable {
  /// The files open.
  case fitting
  /// A file has another password.
  case other
  /// What a credential holds is no password, or cannot be read; one sentence with what to do.
  case unusable(String)
  /// A file cannot be opened for another reason, which another look tells: nothing new is known of the password.
  case unknown

  /// Whether the files have to be made anew; nil where that cannot be told.
  fileprivate var hasChanged: Bool? {
    switch self {
    case .fitting: false
    case .other: true
    case .unusable, .unknown: nil
    }
  }
}

extension FileSettings {
  /// The credential of each file that comes of this entry.
  var passwordOfEachOutput: [CredentialReference?] { format.paths.map { _ in format.password } }
}
