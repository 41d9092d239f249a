// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What a process wants of the ledger.
package enum LedgerAccess: Sendable {
  /// The file is neither made, nor brought up to date, nor set aside.
  case readOnly
  case readWrite
}

/// How a ledger is opened; the defaults are those of the daemon.
package struct LedgerOptions: Sendable {
  /// Whether the whole file is checked before it is used.
  ///
  /// Short-lived commands may leave that to the daemon.
  package var checksIntegrity: Bool
  /// Whether a damaged file is set aside and a new one begun.
  ///
  /// Only the daemon may do so: two processes would otherwise work on different files.
  package var setsAsideDamaged: Bool
  /// Whether a ledger is made where there is none; otherwise that is ``LedgerError/missing(ledger:)``.
  ///
  /// A command that makes one where the daemon lost it would hide the loss.
  package var makesMissing: Bool
  /// The largest size that the file may grow to, in bytes.
  package var sizeLimit: Int
  /// How long to wait for another process that writes.
  package var busyTimeout: Duration
  /// Who is told of every write; nil: nobody.
  package var checkpoint: (any LedgerCheckpoint)?

  package init(
    checksIntegrity: Bool = true, setsAsideDamaged: Bool = true, makesMissing: Bool = true, sizeLimit: Int = 2 << 30,
    busyTimeout: Duration = .seconds(5), checkpoint: (any LedgerCheckpoint)? = nil
  ) {
    self.checksIntegrity = checksIntegrity
    self.setsAsideDamaged = setsAsideDamaged
    self.makesMissing = makesMissing
    self.sizeLimit = sizeLimit
    self.busyTimeout = busyTimeout
    self.checkpoint = checkpoint
  }

  /// For a command that works beside the daemon.
  package static let command = LedgerOptions(checksIntegrity: false, setsAsideDamaged: false, makesMissing: false)
}

/// An open ledger, and what became of the file on the way.
package struct LedgerOpening: Sendable {
  package enum Origin: Sendable, Equatable {
    /// It was there and up to date.
    case existing
    /// There was none.
    case created
    /// It was brought up to date.
    case migrated(from: Int, to: Int)
    /// The one that was there is damaged; it was renamed to `setAside`, and this one is new and empty.
    case replaced(setAside: FilePath, detail: String)
  }

  package var store: LedgerStore
  package var origin: Origin
}
