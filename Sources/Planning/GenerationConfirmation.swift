// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// Whether the files of the generation in force have been tried, and what came of it.
package struct GenerationConfirmation: Sendable, Equatable {
  package var origin: Origin
  /// The generation that comes back when this one is refused: the last one before it that was confirmed, or that had not
  /// to be; nil when there is none.
  package var fallback: Int?
  package var state: State

  package init(origin: Origin, fallback: Int? = nil, state: State = .owed) {
    self.origin = origin
    self.fallback = fallback
    self.state = state
  }

  /// What is known of a generation that was in force before anything had to be confirmed.
  package static let found = GenerationConfirmation(origin: .found)

  /// How the generation came to be in force; the raw values are the ledger's.
  package enum Origin: String, Sendable, CaseIterable {
    /// It is new. Only such a generation makes room for the one before.
    case written
    /// An operator put it in force.
    case byHand = "by-hand"
    /// It came back, since the one after it was refused or nothing else was whole.
    case broughtBack = "brought-back"
    /// It was in force before the configuration asked for a confirmation.
    case found

    /// Why a generation of this kind stays though it is refused; nil for one that does not.
    package var obstacle: String? {
      switch self {
      case .written: nil
      case .byHand: "an operator put it in force, and only an operator takes it back"
      case .broughtBack: "it is the one that came back already"
      case .found: "it was in force before anything had to be confirmed"
      }
    }
  }

  package enum State: Sendable, Equatable {
    /// Nothing has been tried yet.
    case owed
    /// The files are tried, and nothing has confirmed them yet.
    case trying(Trial)
    /// They are about to make room for those of `fallback`; recorded before anything of it is done.
    case withdrawing(Trial)
    /// The patience is over and they stay; `obstacle` says why, where they were refused.
    case unconfirmed(Trial, obstacle: String?)
    case confirmed(at: Date)
  }

  /// What was tried in vain.
  package struct Trial: Sendable, Equatable {
    /// The first attempt.
    package var since: Date
    /// How much of the patience is used up: the time between attempts, of which a suspended host, a clock that was set or
    /// a daemon that did not run makes no more than ``longestCredit``.
    package var spent: Duration
    /// How many attempts there were since the state began.
    package var attempts: Int
    package var lastAttempt: Date
    package var finding: Finding
    /// What an operator was told of already.
    package var told: Finding.Kind?

    package init(
      since: Date, spent: Duration = .zero, attempts: Int = 1, lastAttempt: Date, finding: Finding,
      told: Finding.Kind? = nil
    ) {
      self.since = since
      self.spent = spent
      self.attempts = attempts
      self.lastAttempt = lastAttempt
      self.finding = finding
      self.told = told
    }
  }

  /// Why an attempt has not confirmed the files.
  package struct Finding: Sendable, Equatable {
    /// The raw values are the ledger's.
    package enum Kind: String, Sendable, CaseIterable {
      /// It speaks against the files.
      case refused
      /// It says nothing about them: nobody answered, or not to the question.
      case inconclusive
    }

    package var kind: Kind
    package var culprit: Culprit
    /// One sentence without full stop.
    package var reason: String

    package init(_ kind: Kind, _ culprit: Culprit, _ reason: String) {
      self.kind = kind
      self.culprit = culprit
      self.reason = reason
    }
  }

  /// What one attempt may use up of the patience: twice the longest wait between two.
  package static let longestCredit = Duration.seconds(120)
}

extension GenerationConfirmation {
  /// What follows from an attempt.
  ///
  /// - Parameters:
  ///   - finding: what speaks against the files, or nothing about them; nil when all went well.
  ///   - now: when it ended.
  ///   - patience: how long files that are refused are tried again.
  /// - Returns: what is known then.
  package func after(_ finding: Finding?, at now: Date, patience: Duration) -> GenerationConfirmation {
    var next = self
    guard let finding else {
      next.state = .confirmed(at: now)
      return next
    }
    switch state {
    case .owed, .confirmed:
      next.state = .trying(Trial(since: now, lastAttempt: now, finding: finding))
    case .trying(var trial):
      trial.count(finding, at: now)
      next.state = trial.spent >= patience - Self.tolerance ? end(of: trial) : .trying(trial)
    case .unconfirmed(var trial, _) where trial.finding.kind == .inconclusive && finding.kind == .refused:
      // Whoever answers for the first time is given the patience that the others had.
      trial = Trial(since: trial.since, lastAttempt: now, finding: finding, told: trial.told)
      next.state = .trying(trial)
    case .unconfirmed(var trial, _):
      trial.count(finding, at: now)
      // What kept the generation before from coming back may have passed.
      next.state = finding.kind == .refused ? end(of: trial) : .unconfirmed(trial, obstacle: nil)
    case .withdrawing: break
    }
    return next
  }

  /// The state in which the files stay, though they were to make room, for this reason.
  package func kept(because obstacle: String) -> GenerationConfirmation {
    guard case .withdrawing(let trial) = state else { return self }
    var next = self
    next.state = .unconfirmed(trial.afterPatience, obstacle: obstacle)
    return next
  }

  private func end(of trial: Trial) -> State {
    guard trial.finding.kind == .refused else { return .unconfirmed(trial.afterPatience, obstacle: nil) }
    return origin.obstacle.map { .unconfirmed(trial.afterPatience, obstacle: $0) } ?? .withdrawing(trial)
  }

  /// The ledger keeps whole milliseconds.
  private static let tolerance = Duration.milliseconds(50)
}

extension GenerationConfirmation.Trial {
  fileprivate mutating func count(_ finding: GenerationConfirmation.Finding, at now: Date) {
    let elapsed = Duration.seconds(max(0, now.timeIntervalSince(lastAttempt)))
    spent += min(elapsed, GenerationConfirmation.longestCredit)
    attempts = attempts < .max ? attempts + 1 : attempts
    lastAttempt = now
    self.finding = finding
  }

  /// As it goes on when the patience is over: the backoff begins anew, once.
  fileprivate var afterPatience: GenerationConfirmation.Trial {
    var trial = self
    if told == nil { trial.attempts = 1 }
    return trial
  }
}
