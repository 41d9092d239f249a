// SPDX-License-Identifier: Apache-2.0

import Ledger
import Synchronization

/// A ledger of which one write fails at one moment; writes are counted from 1 on.
final class FailingLedger: LedgerCheckpoint {
  private let moment: LedgerPoint.Moment
  private let fault: (number: Int, error: LedgerError)?
  private let passed = Mutex(0)

  /// Counts only.
  init(moment: LedgerPoint.Moment) {
    self.moment = moment
    fault = nil
  }

  /// Fails the write of that number.
  init(moment: LedgerPoint.Moment, _ number: Int, _ error: LedgerError) {
    self.moment = moment
    fault = (number, error)
  }

  /// How many writes there were.
  var count: Int { passed.withLock(\.self) }

  func pass(_ point: LedgerPoint) throws(LedgerError) {
    guard point.moment == moment else { return }
    let number = passed.withLock { passed in
      passed += 1
      return passed
    }
    if let fault, fault.number == number { throw fault.error }
  }
}
