// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Why something is due; its description is one sentence for an operator.
package enum Reason: Sendable, Hashable {
  /// It was never tried.
  case neverAttempted
  /// An operator, a changed file or a changed configuration asked for it.
  case requested(String)
  /// The interval since the last attempt is over; `elapsed` in seconds.
  case intervalOver(elapsed: TimeInterval)
  /// The last attempt failed and the backoff is over.
  case retry(failures: Int, failure: String)
  /// The planned time lies farther away than any interval.
  case clockWasSetBack
  /// A keystore with a self-signed identity has none yet.
  case noIdentityYet
  /// A service key that is made on the platform does not exist yet.
  case noKeyYet
  /// The renewal of a key on the platform is in this state, and its next step is due.
  case rotationGoesOn(phase: String)
  /// A PSE of others has not been taken over yet.
  case adoptionOwed(file: String)
  /// `renew-before` is reached.
  case renewalPoint(what: String, notAfter: Date, remaining: TimeInterval)
  /// The identity's time has not begun by this clock.
  case notYetValid(notBefore: Date)
  /// The settings that the self-signed identity was made by have changed.
  case identitySettingsChanged
  /// There is no generation; `missing` names the endpoints that never verified.
  ///
  /// `inUse` is one that the ledger knows nothing of, though its files are in use.
  case firstGeneration(missing: [String], inUse: Int? = nil)
  /// The settings of the files have changed.
  case fileSettingsChanged
  /// The password of a file is another than the credential holds now.
  case passwordChanged
  /// The source holds another identity than the current generation.
  case identityChanged
  /// The trust list lacks these subjects.
  case trustLacks([String])
  /// The trust list holds this many certificates that nothing needs any more.
  case trustHoldsSurplus(count: Int)
  /// The files in force are what is wanted though an attempt to write had failed.
  case failureOutlived
  /// Nothing can be written before an operator does what this sentence says, which is to be told.
  case stuck(String)
  /// The files on disk are not what was written in this generation.
  case damaged(String, restoring: Int)
  /// A hook has not yet run for a generation.
  case hookOwed(keystore: String, generation: Int)
  /// The files of a generation have not been tried yet.
  case confirmationOwed(generation: Int)
  /// A generation was refused, for this reason, and the one before it is to come back.
  case withdrawalOwed(generation: Int, String)
  /// An `alert-before` mark is crossed; `remaining` in seconds.
  case expiring(subject: Subject, certificate: String, notAfter: Date, remaining: TimeInterval)
  /// The end of a certificate has passed.
  case expired(subject: Subject, certificate: String, notAfter: Date)
  /// An alert was raised by a clock that ran ahead.
  case alertBeforeItsTime(subject: Subject, certificate: String)
}

extension Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .neverAttempted: "it was never tried"
    case .requested(let why): why.isEmpty ? "it was asked for" : why
    case .intervalOver(let elapsed): "the last attempt was \(TimeText.span(elapsed)) ago"
    case .retry(let failures, let failure):
      "again after \(failures) failed \(failures == 1 ? "attempt" : "attempts"): \(failure)"
    case .clockWasSetBack:
      "the planned time is farther away than any interval, so the clock or the interval changed"
    case .noIdentityYet: "the self-signed identity does not exist yet"
    case .noKeyYet: "the service key does not exist yet"
    case .rotationGoesOn(let phase): "the renewal on the platform goes on after '\(phase)'"
    case .adoptionOwed(let file): "\(file) has not been taken over yet"
    case .renewalPoint(let what, let notAfter, let remaining):
      remaining > 0
        ? "renewal is due: \(what) ends in \(TimeText.span(remaining)), at \(TimeText.instant(notAfter))"
        : "renewal is overdue: \(what) ended \(TimeText.span(remaining)) ago, at \(TimeText.instant(notAfter))"
    case .notYetValid(let notBefore):
      "the identity is valid only from \(TimeText.instant(notBefore)) on, which this clock has not reached"
    case .identitySettingsChanged: "the settings of the self-signed identity have changed"
    case .firstGeneration(let missing, let inUse):
      (inUse.map { "what generation \($0) holds, whose files are in use, is not known" } ?? "no generation exists yet")
        + (missing.isEmpty ? "" : "; without \(Self.list(missing)), of which no chain that verified is known")
    case .fileSettingsChanged: "the settings of the files have changed"
    case .passwordChanged: "the password of a file has changed"
    case .identityChanged: "the source holds another identity than the files"
    case .trustLacks(let subjects): "the trust list lacks \(Self.list(subjects))"
    case .trustHoldsSurplus(let count):
      "the trust list holds \(count) \(count == 1 ? "certificate" : "certificates") that nothing needs any more"
    case .stuck(let sentence): "it stands still: \(sentence)"
    case .failureOutlived: "the files in force are what is wanted now, whatever could not be written before"
    case .damaged(let damage, let generation): "the files of generation \(generation) are damaged: \(damage)"
    case .hookOwed(let keystore, let generation):
      "the hook has not yet run for generation \(generation) of \(keystore)"
    case .confirmationOwed(let generation): "generation \(generation) has not been confirmed yet"
    case .withdrawalOwed(let generation, let reason): "generation \(generation) was refused: \(reason)"
    case .expiring(let subject, let certificate, let notAfter, let remaining):
      "\(certificate) of \(subject) ends in \(TimeText.span(remaining)), at \(TimeText.instant(notAfter))"
    case .expired(let subject, let certificate, let notAfter):
      "\(certificate) of \(subject) ended at \(TimeText.instant(notAfter))"
    case .alertBeforeItsTime(let subject, let certificate):
      "the alert about \(certificate) of \(subject) was raised before its time, by a clock that ran ahead"
    }
  }

  /// At most three items, so that one sentence stays one line.
  private static func list(_ items: [String]) -> String {
    guard items.count > 3 else { return items.joined(separator: " and ") }
    return items.prefix(2).joined(separator: ", ") + " and \(items.count - 2) more"
  }
}

extension Reason {
  /// That `renew-before` of an identity is reached.
  static func renewalPoint(of identity: IdentityState, now: Date) -> Reason {
    .renewalPoint(
      what: identity.whatEnds, notAfter: identity.notAfter, remaining: identity.notAfter.timeIntervalSince(now))
  }
}
