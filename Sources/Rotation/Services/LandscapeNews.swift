// SPDX-License-Identifier: Apache-2.0

import Journal
import Ledger

/// What those who listen to the landscape learn.
enum LandscapeNews: Sendable {
  /// Work was asked for, began, or ended.
  case changed
  /// An event was raised.
  case told(LedgerSubject, Events.Raised)
  /// A key on the platform is one step further, or its renewal is over.
  case key(KeyProgress)
  /// Whoever listens has waited long enough.
  case patienceIsOver
}
