// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Ledger
package import Planning

extension GenerationConfirmation {
  /// As planning reads it; what does not fit together is tried anew.
  package init(_ stored: StoredConfirmation) {
    self.init(origin: Origin(stored.origin), fallback: stored.fallback, state: State(stored))
  }
}

extension GenerationConfirmation.Origin {
  fileprivate init(_ origin: ConfirmationOrigin) {
    self =
      switch origin {
      case .written: .written
      case .byHand: .byHand
      case .broughtBack: .broughtBack
      case .found: .found
      }
  }
}

extension GenerationConfirmation.State {
  fileprivate init(_ stored: StoredConfirmation) {
    if stored.state == .confirmed, let time = stored.since {
      self = .confirmed(at: time)
      return
    }
    guard let trial = GenerationConfirmation.Trial(stored) else {
      self = .owed
      return
    }
    self =
      switch stored.state {
      case .owed, .confirmed: .owed
      case .trying: .trying(trial)
      case .withdrawing: .withdrawing(trial)
      case .unconfirmed: .unconfirmed(trial, obstacle: stored.obstacle)
      }
  }
}

extension GenerationConfirmation.Trial {
  fileprivate init?(_ stored: StoredConfirmation) {
    guard let since = stored.since, let last = stored.lastAttempt, let finding = stored.finding else { return nil }
    self.init(
      since: since, spent: stored.spent, attempts: stored.attempts, lastAttempt: last,
      finding: GenerationConfirmation.Finding(
        GenerationConfirmation.Finding.Kind(finding.kind), finding.culprit, finding.reason),
      told: stored.told.map { GenerationConfirmation.Finding.Kind($0) })
  }
}

extension GenerationConfirmation.Finding.Kind {
  fileprivate init(_ kind: StoredConfirmation.Finding.Kind) { self = kind == .refused ? .refused : .inconclusive }
}

extension StoredConfirmation {
  /// As the ledger keeps it.
  package init(_ confirmation: GenerationConfirmation) {
    self.init(origin: ConfirmationOrigin(confirmation.origin), fallback: confirmation.fallback)
    switch confirmation.state {
    case .owed: break
    case .trying(let trial): take(trial, .trying)
    case .withdrawing(let trial): take(trial, .withdrawing)
    case .unconfirmed(let trial, let obstacle):
      take(trial, .unconfirmed)
      self.obstacle = obstacle
    case .confirmed(let time): (state, since, lastAttempt) = (.confirmed, time, time)
    }
  }

  private mutating func take(_ trial: GenerationConfirmation.Trial, _ state: State) {
    self.state = state
    (since, spent, attempts, lastAttempt) = (trial.since, trial.spent, trial.attempts, trial.lastAttempt)
    finding = Finding(
      kind: Finding.Kind(trial.finding.kind), culprit: trial.finding.culprit, reason: trial.finding.reason)
    told = trial.told.map { Finding.Kind($0) }
  }
}

extension StoredConfirmation.Finding.Kind {
  fileprivate init(_ kind: GenerationConfirmation.Finding.Kind) { self = kind == .refused ? .refused : .inconclusive }
}

extension ConfirmationOrigin {
  fileprivate init(_ origin: GenerationConfirmation.Origin) {
    self =
      switch origin {
      case .written: .written
      case .byHand: .byHand
      case .broughtBack: .broughtBack
      case .found: .found
      }
  }
}
