// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SystemPackage

/// Why the ledger could not do what it was asked to, and who has to act.
package enum LedgerError: Error, Equatable, Sendable {
  /// Another process held the ledger for longer than the busy timeout.
  case busy(ledger: FilePath)
  /// The file system, the quota or the size limit of the ledger is used up.
  case full(ledger: FilePath)
  /// The bytes of the file are not a sound ledger.
  case damaged(ledger: FilePath, detail: String)
  /// It was opened for reading only, or lies on a file system that cannot be written.
  case readOnly(ledger: FilePath)
  /// This account may not open it.
  case notPermitted(ledger: FilePath, detail: String)
  /// There is no ledger, and who opened it makes none.
  case missing(ledger: FilePath)
  /// It was written by a later certrotd.
  case newerSchema(ledger: FilePath, found: Int, known: Int)
  /// It was written by an earlier certrotd, and was opened for reading only.
  case olderSchema(ledger: FilePath, found: Int, known: Int)
  /// The file is an SQLite database of something else.
  case notALedger(ledger: FilePath, applicationID: Int)
  /// The operating system failed to read or write.
  case inputOutput(ledger: FilePath, detail: String)
  /// The ledger holds sealed keys, and the key that seals them is not there.
  case sealingKeyMissing(ledger: FilePath, origin: String)
  /// The key does not open what the ledger sealed.
  case sealingKeyWrong(ledger: FilePath, origin: String)
  /// The file with the key cannot be used.
  case sealingKeyUnusable(origin: String, detail: String)
  /// One sealed value does not open, although the key is the right one.
  case sealedValueDamaged(ledger: FilePath, subject: LedgerSubject, detail: String)
  /// The keystore has no such generation.
  case unknownGeneration(keystore: String, number: Int)
  /// A generation cannot go from the state that it has to the state that was asked for.
  case impossibleTransition(keystore: String, number: Int, from: String, to: String)
  /// The ledger was used in a way that it does not allow: a fault of certrotd.
  case misused(ledger: FilePath, detail: String)
}

extension LedgerError {
  /// Who is at fault.
  package var culprit: Culprit {
    switch self {
    case .busy, .full, .damaged, .readOnly, .notPermitted, .missing, .inputOutput, .notALedger: .host
    case .newerSchema, .olderSchema: .host
    case .sealingKeyMissing, .sealingKeyWrong, .sealingKeyUnusable, .sealedValueDamaged: .host
    case .unknownGeneration: .configuration
    case .impossibleTransition, .misused: .certrotd
    }
  }
}

extension LedgerError: CustomStringConvertible {
  /// One sentence for the operator: what is wrong with which file, and what to do.
  package var description: String {
    switch self {
    case .busy(let ledger):
      "the ledger \(ledger) is in use by another process that did not finish within 5 seconds; try again"
    case .full(let ledger):
      "there is no room left to write the ledger \(ledger); free space on its file system"
    case .damaged(let ledger, let detail):
      "the ledger \(ledger) is damaged (\(detail)); restart certrotd: it sets the file aside and starts a new one"
    case .readOnly(let ledger):
      "the ledger \(ledger) cannot be written; check that its file system is mounted for writing"
    case .notPermitted(let ledger, let detail):
      "the ledger \(ledger) may not be opened by this account (\(detail)); run as root or as certrotd's account"
    case .missing(let ledger):
      "there is no ledger \(ledger); the daemon makes it when it starts"
    case .newerSchema(let ledger, let found, let known):
      "the ledger \(ledger) has schema version \(found), this certrotd knows versions up to \(known); "
        + "install the certrotd that wrote it, or a later one; the file was not touched"
    case .olderSchema(let ledger, let found, let known):
      "the ledger \(ledger) has schema version \(found), this certrotd reads version \(known); "
        + "restart the daemon, which brings it up to date"
    case .notALedger(let ledger, let applicationID):
      "\(ledger) is a database of another program (application_id \(applicationID)); "
        + "move it away or choose another state directory; the file was not touched"
    case .inputOutput(let ledger, let detail):
      "the ledger \(ledger) could not be read or written (\(detail)); check the disk and its file system"
    case .sealingKeyMissing(let ledger, let origin):
      "the ledger \(ledger) holds private keys that are sealed under a key that is not there: \(origin); "
        + "restore that key, or move the ledger away to start anew without the keys"
    case .sealingKeyWrong(let ledger, let origin):
      "\(origin) does not open the private keys that are sealed in the ledger \(ledger); "
        + "restore the key that it was made with; nothing was overwritten"
    case .sealingKeyUnusable(let origin, let detail):
      "\(origin) cannot be used: \(detail)"
    case .sealedValueDamaged(let ledger, let subject, let detail):
      "the private key of \(subject) in the ledger \(ledger) does not open (\(detail)); "
        + "where it can, certrotd reads it again where it came from or makes a new one; otherwise restore the ledger "
        + "from a backup"
    case .unknownGeneration(let keystore, let number):
      "the keystore \(keystore) has no generation \(number)"
    case .impossibleTransition(let keystore, let number, let from, let to):
      "generation \(number) of the keystore \(keystore) is \(from) and cannot become \(to)"
    case .misused(let ledger, let detail):
      "certrotd used the ledger \(ledger) wrongly (\(detail)); this is a fault of certrotd, please report it"
    }
  }
}
