// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// A moment as the ledger stores it: whole milliseconds since 1970-01-01T00:00:00Z, in an INTEGER column.
///
/// Dates beyond ±9,000,000,000,000,000 milliseconds, which no certificate can name, are clamped.
struct Instant: Hashable, Sendable {
  var milliseconds: Int64

  init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  init(_ date: Date) {
    let value = (date.timeIntervalSince1970 * 1000).rounded()
    let limit = 9e15
    milliseconds = value.isNaN ? 0 : Int64(min(max(value, -limit), limit))
  }

  var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension Instant: DatabaseValueConvertible, Codable {
  var databaseValue: DatabaseValue { milliseconds.databaseValue }

  static func fromDatabaseValue(_ value: DatabaseValue) -> Instant? {
    Int64.fromDatabaseValue(value).map(Instant.init(milliseconds:))
  }
}

extension Date {
  /// The value to bind for this date.
  var instant: Instant { Instant(self) }
}

extension Duration {
  /// Whole milliseconds, as the ledger stores a duration; clamped like ``Instant``.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let limit: Int64 = 9_000_000_000_000
    return min(max(seconds, -limit), limit) * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
