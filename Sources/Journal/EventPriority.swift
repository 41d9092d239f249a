// SPDX-License-Identifier: Apache-2.0

package import Logging

/// How serious an event or a log line is, with the numbers of syslog(3) that the journal's `PRIORITY=` field uses.
package enum EventPriority: Int, Sendable, Comparable, CaseIterable {
  case critical = 2
  case error = 3
  case warning = 4
  case notice = 5
  case info = 6
  case debug = 7

  /// The priority that a swift-log level stands for.
  package init(_ level: Logger.Level) {
    self =
      switch level {
      case .trace, .debug: .debug
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      case .critical: .critical
      }
  }

  /// The swift-log level that stands for this priority.
  package var logLevel: Logger.Level {
    switch self {
    case .critical: .critical
    case .error: .error
    case .warning: .warning
    case .notice: .notice
    case .info: .info
    case .debug: .debug
    }
  }

  /// The more serious priority, whose number is the smaller one, counts as the greater.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.rawValue > rhs.rawValue
  }
}
