// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB
import Host
package import SystemPackage

extension LedgerStore {
  /// Opens the ledger, making it or bringing it up to date where `access` allows that.
  ///
  /// Blocks its thread, for about a second per 200 MB when the integrity is checked. The file has mode 0600 from the
  /// start, and SQLite gives `-wal` and `-shm` the mode and, for root, the owner of the file they belong to.
  ///
  /// - Parameters:
  ///   - path: the main file; SQLite puts `-wal` and `-shm` beside it.
  ///   - sealing: where the key is that private keys are sealed under; without one everything else works.
  ///   - access: whether it may be written.
  ///   - options: how much is checked, and what may be done about damage.
  ///   - now: for the name of a damaged file that is set aside.
  /// - Returns: the ledger, and what became of the file.
  /// - Throws: ``LedgerError``; a file of a later version, of another program, or one whose key does not fit stays
  ///   untouched.
  package static func open(
    at path: FilePath, sealing: SealingKeySource, access: LedgerAccess, options: LedgerOptions = LedgerOptions(),
    now: Date
  ) throws(LedgerError) -> LedgerOpening {
    let opener = LedgerOpener(path: path, sealing: sealing, options: options)
    switch access {
    case .readOnly: return try opener.openForReading()
    case .readWrite: return try opener.openForWriting(now: now)
    }
  }
}
