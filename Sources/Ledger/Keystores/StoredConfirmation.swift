// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// How a generation that has to be confirmed came to be in force; the raw values stand in the ledger.
package enum ConfirmationOrigin: String, Sendable, CaseIterable {
  case written
  case byHand = "by-hand"
  case broughtBack = "brought-back"
  case found
}

/// What is recorded of trying the files of a generation.
package struct StoredConfirmation: Sendable, Equatable {
  package var origin: ConfirmationOrigin
  /// The generation that comes back when this one is refused.
  package var fallback: Int?
  package var state: State
  /// When the first attempt was, or the one that confirmed; nil for what is owed.
  package var since: Date?
  /// How much of the patience is used up.
  package var spent: Duration
  package var attempts: Int
  package var lastAttempt: Date?
  /// What the last attempt found; nil for what is owed or confirmed.
  package var finding: Finding?
  /// Why it stays though it was refused.
  package var obstacle: String?
  /// What an operator was told of already.
  package var told: Finding.Kind?

  package init(
    origin: ConfirmationOrigin, fallback: Int? = nil, state: State = .owed, since: Date? = nil, spent: Duration = .zero,
    attempts: Int = 0, lastAttempt: Date? = nil, finding: Finding? = nil, obstacle: String? = nil,
    told: Finding.Kind? = nil
  ) {
    self.origin = origin
    self.fallback = fallback
    self.state = state
    self.since = since
    self.spent = spent
    self.attempts = attempts
    self.lastAttempt = lastAttempt
    self.finding = finding
    self.obstacle = obstacle
    self.told = told
  }

  /// The raw values stand in the ledger.
  package enum State: String, Sendable, CaseIterable {
    case owed
    case trying
    case withdrawing
    case unconfirmed
    case confirmed
  }

  package struct Finding: Sendable, Equatable {
    package var kind: Kind
    package var culprit: Culprit
    package var reason: String

    package init(kind: Kind, culprit: Culprit, reason: String) {
      self.kind = kind
      self.culprit = culprit
      self.reason = reason
    }

    /// The raw values stand in the ledger.
    package enum Kind: String, Sendable, CaseIterable {
      case refused
      case inconclusive
    }
  }
}
