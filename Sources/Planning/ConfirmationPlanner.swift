// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// When the files of a keystore are tried: once every hook of their generation was, then again and again until they are
/// confirmed.
package enum ConfirmationPlanner {
  static func plan(_ keystore: KeystoreSettings, _ context: PlanningContext, into draft: inout PlanDraft) {
    guard let time = time(keystore, context.inventory, now: context.now),
      let state = context.inventory.keystores[keystore.name], let current = state.current
    else { return }
    let confirmation = state.confirmation ?? .found
    draft.add(
      .confirm(keystore: keystore.name), at: time, lapsesAt: nil,
      urgency: confirmation.isPatient ? .routine : .urgent, because: reason(confirmation, current.number))
  }

  /// When to try, or to go on with bringing the generation before back; nil when there is nothing to do.
  package static func time(_ keystore: KeystoreSettings, _ inventory: Inventory, now: Date) -> Date? {
    guard let confirm = keystore.confirm, let state = inventory.keystores[keystore.name], let current = state.current
    else { return nil }
    let confirmation = state.confirmation ?? .found
    if case .withdrawing = confirmation.state { return now }
    // Other files are about to take their place.
    guard state.damage == nil, !state.passwordChanged else { return nil }
    let isAwaited = inventory.hooks.contains { hook in
      hook.keystore == keystore.name && hook.generation == current.number && hook.attempts == 0
    }
    guard !isAwaited else { return nil }
    let jitter = Jitter(installation: inventory.installation, name: "confirm/\(keystore.name)")
    switch confirmation.state {
    case .confirmed: return nil
    case .owed, .withdrawing: return now
    case .trying(let trial):
      let left = max(.zero, confirm.patience - trial.spent)
      return time(
        after: trial, min(left, delay(after: trial.attempts) * jitter.factor(startingAt: trial.lastAttempt)), now)
    case .unconfirmed(let trial, _):
      let wait = Backoff.delay(afterFailures: trial.attempts) * jitter.factor(startingAt: trial.lastAttempt)
      return time(after: trial, wait, now)
    }
  }

  /// What is tried again and again without a confirmation, for whoever has just removed what kept it from one.
  package static func unconfirmed(_ configuration: Configuration, _ inventory: Inventory) -> [Work] {
    configuration.keystores.filter { keystore in
      guard let state = inventory.keystores[keystore.name] else { return false }
      return switch keystore.confirmation(in: state)?.state {
      case .trying, .unconfirmed: true
      case .owed, .withdrawing, .confirmed, nil: false
      }
    }.map { .confirm(keystore: $0.name) }
  }

  /// The wait within the patience, before jitter: a second, doubled with each attempt, a minute at most.
  static func delay(after attempts: Int) -> Duration {
    min(.seconds(60), .seconds(1) * (1 << min(max(attempts, 1) - 1, 6)))
  }

  /// A clock that was set back must not make the wait longer.
  private static func time(after trial: GenerationConfirmation.Trial, _ wait: Duration, _ now: Date) -> Date {
    trial.lastAttempt > now ? now : trial.lastAttempt.addingTimeInterval(wait / .seconds(1))
  }

  private static func reason(_ confirmation: GenerationConfirmation, _ generation: Int) -> Reason {
    switch confirmation.state {
    case .owed, .confirmed: .confirmationOwed(generation: generation)
    case .withdrawing(let trial): .withdrawalOwed(generation: generation, trial.finding.reason)
    case .trying(let trial), .unconfirmed(let trial, _):
      .retry(failures: trial.attempts, failure: trial.finding.reason)
    }
  }
}

extension GenerationConfirmation {
  /// Whether nothing hangs on the next attempt.
  fileprivate var isPatient: Bool {
    if case .unconfirmed = state { true } else { false }
  }
}

extension KeystoreSettings {
  /// What is known of trying the generation in force; nil where nothing is asked for or in force.
  package func confirmation(in state: KeystoreState) -> GenerationConfirmation? {
    confirm == nil || state.current == nil ? nil : state.confirmation ?? .found
  }
}

extension GenerationConfirmation {
  var isConfirmed: Bool {
    if case .confirmed = state { true } else { false }
  }

  /// Whether it is neither confirmed nor given up yet.
  var isOpen: Bool {
    switch state {
    case .owed, .trying, .withdrawing: true
    case .unconfirmed, .confirmed: false
    }
  }

  /// How it stands with generation `number`, as a sentence without full stop.
  package func sentence(_ number: Int) -> String {
    switch state {
    case .owed: "generation \(number) is in force and not confirmed yet"
    case .confirmed(let time): "generation \(number) was confirmed at \(TimeText.instant(time))"
    case .trying(let trial): "generation \(number) is in force and not confirmed yet: \(trial.finding.reason)"
    case .withdrawing(let trial):
      "generation \(number) makes room for generation \(fallback.map(String.init) ?? "before"): \(trial.finding.reason)"
    case .unconfirmed(let trial, let obstacle?):
      "generation \(number) is refused, and stays since \(obstacle): \(trial.finding.reason)"
    case .unconfirmed(let trial, nil):
      "generation \(number) could not be confirmed, which says nothing against it, so it stays: \(trial.finding.reason)"
    }
  }
}
