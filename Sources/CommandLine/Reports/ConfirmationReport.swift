// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Planning

/// Whether the files of a keystore were tried, and what came of it.
struct ConfirmationReport: Encodable {
  /// `owed`, `trying`, `withdrawing`, `unconfirmed` or `confirmed`.
  let state: String
  /// When it was confirmed, or tried for the first time.
  let since: Date?
  let attempts: Int?
  /// `refused` or `inconclusive`.
  let finding: String?
  let culprit: String?
  let reason: String?
  /// Why files that are refused stay.
  let obstacle: String?

  init(_ confirmation: GenerationConfirmation) {
    var found: GenerationConfirmation.Trial?
    var reason: String?
    switch confirmation.state {
    case .owed: (state, since) = ("owed", nil)
    case .confirmed(let time): (state, since) = ("confirmed", time)
    case .trying(let trial): (state, since, found) = ("trying", trial.since, trial)
    case .withdrawing(let trial): (state, since, found) = ("withdrawing", trial.since, trial)
    case .unconfirmed(let trial, let obstacle):
      (state, since, found, reason) = ("unconfirmed", trial.since, trial, obstacle)
    }
    attempts = found?.attempts
    finding = found?.finding.kind.rawValue
    culprit = found?.finding.culprit.rawValue
    self.reason = found?.finding.reason
    obstacle = reason
  }

  /// One line.
  var text: String {
    let time = since.map { TimeText.instant($0) } ?? ""
    let why = [reason, obstacle.map { "it stays, since \($0)" }].compactMap(\.self).joined(separator: "; ")
    switch state {
    case "owed": return "not tried yet"
    case "confirmed": return "confirmed at \(time)"
    default: return "\(state), tried since \(time): \(why)"
    }
  }
}
