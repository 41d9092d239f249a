// SPDX-License-Identifier: Apache-2.0

/// Is told of every write to the ledger, and may end it there by throwing.
///
/// A daemon has none. Whoever wants to know what a crash, a full disk or a lost commit leaves behind has one.
package protocol LedgerCheckpoint: Sendable {
  /// - Throws: what the write fails with; at ``LedgerPoint/Moment/committed`` it fails although it is on disk.
  func pass(_ point: LedgerPoint) throws(LedgerError)
}

/// A point at which a write to the ledger may be cut off.
package struct LedgerPoint: Sendable, Hashable {
  package enum Moment: String, Sendable, Hashable, CaseIterable {
    /// Nothing is written yet.
    case before
    /// Everything is written, nothing committed.
    case uncommitted
    /// It is on disk.
    case committed
  }

  /// The method of ``LedgerStore`` that writes, as `#function` has it, after the name of its file.
  package var write: String
  package var moment: Moment

  package init(write: String, moment: Moment) {
    self.write = write
    self.moment = moment
  }
}

extension LedgerPoint: CustomStringConvertible {
  package var description: String { "\(write) \(moment.rawValue)" }
}
