// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Planning
import Settings

/// What an operator is told about trying the files in force.
enum ConfirmationNews {
  /// Nil while it is too early to tell anything.
  static func event(
    _ confirmation: GenerationConfirmation, _ settings: KeystoreSettings, _ number: Int, next: Date?
  ) -> Events.Raised? {
    var fields: [EventField: String] = [.keystore: settings.name, .generation: String(number)]
    switch confirmation.state {
    case .owed, .trying, .withdrawing: return nil
    case .confirmed:
      let reason = "what 'confirm' asks for works with its files"
      fields[.reason] = reason
      return Events.Raised(
        .keystoreConfirmed, message: "generation \(number) of keystore \(settings.name) is confirmed: \(reason)",
        fields: fields)
    case .unconfirmed(let trial, let obstacle):
      fields[.reason] = obstacle.map { "\(trial.finding.reason); it stays, since \($0)" } ?? trial.finding.reason
      fields[.culprit] = trial.finding.culprit.rawValue
      fields[.since] = EventTime.text(trial.since)
      if let next { fields[.nextAttempt] = EventTime.text(next) }
      return Events.Raised(
        .keystoreUnconfirmed, message: "keystore \(settings.name): \(confirmation.sentence(number))", fields: fields)
    }
  }

  static func rolledBack(
    _ settings: KeystoreSettings, from number: Int, to earlier: Int, _ finding: GenerationConfirmation.Finding
  ) -> Events.Raised {
    let reason = "generation \(number) was refused: \(finding.reason)"
    return Events.Raised(
      .keystoreRolledBack,
      message: """
        keystore \(settings.name) went back to generation \(earlier): \(reason); the same content is not written again: \
        once the cause is gone, certrotd rollback \(settings.name) \(number) puts it in force
        """,
      fields: [
        .keystore: settings.name, .generation: String(earlier), .previousGeneration: String(number), .reason: reason,
        .culprit: finding.culprit.rawValue,
      ])
  }
}
