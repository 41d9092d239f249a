// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// How everything stands at one moment.
package struct Status: Sendable, Equatable {
  /// Endpoints, service keys, keystores, each in the order of the configuration.
  package var subjects: [SubjectStatus]
  /// The subject that stops working first.
  package var breaksNext: SubjectStatus? {
    subjects.filter { $0.breakage != nil }.min {
      ($0.breakage?.at ?? .distantFuture) < ($1.breakage?.at ?? .distantFuture)
    }
  }
  /// The subject for which something happens first that an operator waits for or has to do; where there is none, the one
  /// that is looked at first.
  package var happensNext: SubjectStatus? {
    let known = subjects.filter { $0.nextAttempt != nil && $0.nextStep != nil }
    let telling = known.filter { $0.state == .failing || $0.isTriedAgain || $0.nextStep?.isLook == false }
    return (telling.isEmpty ? known : telling).min {
      ($0.nextAttempt ?? .distantFuture) < ($1.nextAttempt ?? .distantFuture)
    }
  }
  /// What fails, the latest attempt first.
  package var failing: [SubjectStatus] {
    subjects.filter { $0.state == .failing }.sorted {
      ($0.lastAttempt ?? .distantPast) > ($1.lastAttempt ?? .distantPast)
    }
  }
  /// What is due now, and when that changes.
  package var plan: Plan
}

/// How one subject stands.
package struct SubjectStatus: Sendable, Equatable {
  package var subject: Subject
  package var state: SubjectState
  /// What of it stops working next if nothing is done; `nil` if nothing is known that ends.
  package var breakage: Breakage?
  package var lastAttempt: Date?
  package var lastSuccess: Date?
  /// When something is next done for it; `now` if that is due.
  package var nextAttempt: Date?
  /// What that is; nil where nothing is.
  package var nextStep: ForecastEntry.What?
  /// One sentence that explains `state`.
  package var reason: String
  /// Whether a new service key waits until the platform knows it, or answers.
  package var isTriedAgain = false
  /// What the next write of a keystore waits for; nil where it waits for no window.
  package var window: WindowWait?
  /// Listed endpoints that never verified, of a keystore.
  package var missing: [String] = []
  /// Of a keystore, whether its files were tried, where the configuration asks for that.
  package var confirmation: GenerationConfirmation?

  /// Whether files are in use that will end, and nothing renews them before somebody acts.
  package var isUnattended: Bool {
    guard case .keystore = subject else { return false }
    return state == .waiting && window == nil && breakage != nil
  }
}

/// Something that ends, and when.
package struct Breakage: Sendable, Equatable {
  /// Such as "the identity".
  package var what: String
  package var at: Date
}

/// The state of a subject; the raw values occur in `--json` output and stay as they are.
package enum SubjectState: String, Sendable, CaseIterable {
  /// All is well.
  case ok
  /// Something is to be done, and nothing has gone wrong.
  case due
  /// It is being done.
  case renewing
  /// The last attempt or hook failed, the last service key was rejected, the files are damaged, their password cannot be
  /// used, or their trust list alone does not verify a listed endpoint.
  case failing
  /// An `alert-before` mark is crossed.
  case expiring
  /// Something that it needs has ended, or the platform no longer has the key that it logs in with.
  case expired
  /// It cannot go on before something else happens.
  case waiting
  /// It works, but without the endpoints that never verified.
  case incomplete
  /// What would be written was rolled back.
  case held
}
