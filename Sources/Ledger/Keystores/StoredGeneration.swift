// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// Where a generation of a keystore stands.
package enum GenerationProgress: Sendable, Equatable {
  /// It is going to be made; nothing, or a part, may be on disk.
  case intended
  /// Its files are complete on disk and judged, and not yet in use.
  case staged
  /// Its files are the ones in use.
  case current
  /// It was current, and a newer one is.
  case superseded
  /// It was never current, for this reason.
  case failed(String)
  /// It was current and was withdrawn, for this reason.
  case rolledBack(String)

  /// The word in the ledger.
  package var name: String {
    switch self {
    case .intended: "intended"
    case .staged: "staged"
    case .current: "current"
    case .superseded: "superseded"
    case .failed: "failed"
    case .rolledBack: "rolled-back"
    }
  }

  /// Why it failed or was withdrawn, one sentence; nil for any other.
  package var outcome: String? {
    switch self {
    case .intended, .staged, .current, .superseded: nil
    case .failed(let reason), .rolledBack(let reason): reason
    }
  }

  init?(name: String, outcome: String?) {
    switch (name, outcome) {
    case ("intended", _): self = .intended
    case ("staged", _): self = .staged
    case ("current", _): self = .current
    case ("superseded", _): self = .superseded
    case ("failed", let reason?): self = .failed(reason)
    case ("rolled-back", let reason?): self = .rolledBack(reason)
    default: return nil
    }
  }

  /// Whether a generation in this state may go to `next`.
  ///
  /// Repeating a step is allowed, since after a crash nobody knows whether it was recorded.
  func allows(_ next: GenerationProgress) -> Bool {
    switch (self, next) {
    case (.intended, .intended), (.intended, .staged), (.intended, .failed): true
    case (.staged, .staged), (.staged, .current), (.staged, .failed): true
    case (.current, .current), (.current, .superseded), (.current, .rolledBack): true
    case (.superseded, .superseded), (.superseded, .current): true
    case (.rolledBack, .rolledBack), (.rolledBack, .current): true
    case (.failed, .failed): true
    default: false
    }
  }
}

/// One complete set of files of a keystore.
package struct StoredGeneration: Sendable, Equatable {
  package var keystore: String
  /// Counts up from 1 and is never used again.
  package var number: Int
  package var state: GenerationProgress
  /// The digest of all that the files were made from.
  package var recipe: String
  /// Why it was made, one sentence.
  package var reason: String
  /// The certificate of the identity, or nil for a keystore of trust only.
  package var leaf: Fingerprint?
  /// What it trusts, sorted.
  package var trust: [Fingerprint]
  /// Whether it was found on disk, rather than made, after the ledger had been lost.
  package var adopted: Bool
  package var begunAt: Date
  /// When it became current for the last time; nil when it never did.
  package var currentSince: Date?
  /// When its state changed last.
  package var changedAt: Date

  /// Whether it was in force, as far as anybody knows: of one that was found on disk, the ledger that knew is lost.
  package var wasInForce: Bool { currentSince != nil || adopted }
}

/// What a generation is going to be.
package struct NewGeneration: Sendable, Equatable {
  package var keystore: String
  package var recipe: String
  package var leaf: Fingerprint?
  package var trust: [Fingerprint]
  package var reason: String
  /// Its number is higher than this one, such as that of a folder that the ledger knows nothing of.
  package var above: Int

  package init(
    keystore: String, recipe: String, leaf: Fingerprint?, trust: [Fingerprint], reason: String, above: Int = 0
  ) {
    self.keystore = keystore
    self.recipe = recipe
    self.leaf = leaf
    self.trust = trust
    self.reason = reason
    self.above = above
  }
}
