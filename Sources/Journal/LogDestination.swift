// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging

/// Where log lines of this process go.
package enum LogDestination: Sendable, Equatable {
  /// To journald by its native protocol, with fields.
  case journal
  /// To standard error.
  case standardError(StandardErrorLogHandler.Style)

  /// What the choice depends on.
  struct Surroundings: Sendable {
    /// `$JOURNAL_STREAM`: the device and inode number of the stream that the service manager connected (systemd.exec(5)).
    var journalStream: String?
    /// `$INVOCATION_ID`, which the service manager gives to each of its services.
    var invocation: String?
    /// `DEVICE:INODE` of standard error, decimal; nil when it is closed.
    var standardError: String?
    var standardErrorIsTerminal = false
    var journalSocketExists = false
  }

  /// The destination that fits where this process runs.
  package static func current() -> LogDestination {
    choose(.ofThisProcess())
  }

  /// Standard error is replaced by the native protocol only when it is the stream that `$JOURNAL_STREAM` names, so that
  /// `certrotd run 2>file` in a unit or a shell below one does what it says.
  static func choose(_ surroundings: Surroundings) -> LogDestination {
    if let stream = surroundings.journalStream, stream == surroundings.standardError, surroundings.journalSocketExists {
      return .journal
    }
    let isService = surroundings.journalStream != nil || surroundings.invocation != nil
    return .standardError(isService && !surroundings.standardErrorIsTerminal ? .prefixed : .plain)
  }

  /// A logger that writes there.
  ///
  /// - Parameters:
  ///   - label: names the part of certrotd that logs.
  ///   - level: the least serious level that is written.
  /// - Returns: the logger; loggers made here do not depend on `LoggingSystem`.
  package func logger(label: String, level: Logger.Level = .info) -> Logger {
    var logger = Logger(label: label) { label in
      switch self {
      case .journal: JournalLogHandler(label: label, send: Self.hostJournal.send)
      case .standardError(let style): StandardErrorLogHandler(style: style)
      }
    }
    logger.logLevel = level
    return logger
  }

  /// One for the process, so that a journal that fails is reported once and not by each logger.
  private static let hostJournal = SystemJournal()
}

extension LogDestination.Surroundings {
  /// Where journald takes entries (systemd-journald.service(8)).
  private static let journalSocket = "/run/systemd/journal/socket"

  static func ofThisProcess() -> Self {
    Self(
      journalStream: environmentValue("JOURNAL_STREAM"),
      invocation: environmentValue("INVOCATION_ID"),
      standardError: identityOfStandardError(),
      standardErrorIsTerminal: isatty(STDERR_FILENO) == 1,
      journalSocketExists: unsafe access(journalSocket, W_OK) == 0)
  }

  private static func environmentValue(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  private static func identityOfStandardError() -> String? {
    var status = stat()
    guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }
}
