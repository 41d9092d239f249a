// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning

/// That an entry is in the configuration no longer, though the ledger remembers it.
struct Removal: Encodable {
  let kind: String
  let name: String
  /// When the daemon learnt of it; nil while no daemon has.
  let at: Date?

  init(_ subject: Subject, at time: Date?) {
    kind = subject.kind
    name = subject.name
    at = time
  }

  /// Completes a sentence that begins with the entry.
  var sentence: String {
    at.map { "was removed from the configuration at \(TimeText.instant($0))" } ?? "is not in the configuration"
  }
}
