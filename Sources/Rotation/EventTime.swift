// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Times as events carry them for programs: ISO 8601 in UTC, such as `2026-11-22T02:19:00Z`.
enum EventTime {
  static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
