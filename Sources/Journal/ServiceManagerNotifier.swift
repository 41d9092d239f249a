// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
package import Logging

/// Tells the service manager how the daemon fares, by the protocol of sd_notify(3).
///
/// Outside a service, where `$NOTIFY_SOCKET` is not set, nothing is sent and nothing fails.
package struct ServiceManagerNotifier: Sendable {
  /// A notification that the service manager did not get.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    /// The errno value that sd_notify(3) gave.
    package let code: Int32

    package init(code: Int32) {
      self.code = code
    }

    package var description: String { "sd_notify failed with errno \(code)" }
  }

  private let send: @Sendable (String) throws(Failure) -> Void
  private let monotonicMicroseconds: @Sendable () -> UInt64
  private let logger: Logger

  /// A notifier for the service manager that started this process.
  ///
  /// - Parameter logger: is told, as a warning, of a notification that could not be sent.
  package init(logger: Logger) {
    self.init(logger: logger, monotonicMicroseconds: Self.readMonotonicClock) { state throws(Failure) in
      let result = unsafe sd_notify(0, state)
      guard result >= 0 else { throw Failure(code: -result) }
    }
  }

  /// - Parameters:
  ///   - logger: is told, as a warning, of a notification that could not be sent.
  ///   - monotonicMicroseconds: reads CLOCK_MONOTONIC, in microseconds.
  ///   - send: sends assignments, one a line.
  package init(
    logger: Logger, monotonicMicroseconds: @escaping @Sendable () -> UInt64,
    send: @escaping @Sendable (String) throws(Failure) -> Void
  ) {
    self.logger = logger
    self.monotonicMicroseconds = monotonicMicroseconds
    self.send = send
  }

  /// Start or reload is complete.
  package func ready(status: String? = nil) {
    notify(["READY=1"] + statusAssignment(status))
  }

  /// A reload begins, and `ready` must follow.
  ///
  /// The service manager tells by the time that it belongs to its own request.
  package func reloading() {
    notify(["RELOADING=1", "MONOTONIC_USEC=\(monotonicMicroseconds())"])
  }

  /// The daemon is about to end.
  package func stopping(status: String? = nil) {
    notify(["STOPPING=1"] + statusAssignment(status))
  }

  /// One line that `systemctl status` shows.
  package func status(_ text: String) {
    notify(statusAssignment(text))
  }

  /// The daemon makes progress; send it well within `watchdogInterval`.
  package func keepAlive() {
    notify(["WATCHDOG=1"])
  }

  /// How long the service manager waits for `keepAlive` before it kills the daemon; nil when it does not watch.
  package static func watchdogInterval() -> Duration? {
    var microseconds: UInt64 = 0
    let result = unsafe sd_watchdog_enabled(0, &microseconds)
    guard result > 0, let interval = Int64(exactly: microseconds) else { return nil }
    return .microseconds(interval)
  }

  /// A line break would begin another assignment; a backslash is taken away by systemd.
  private func statusAssignment(_ text: String?) -> [String] {
    text.map { ["STATUS=\(Escaping.blanked($0))"] } ?? []
  }

  private func notify(_ assignments: [String]) {
    do {
      try send(assignments.joined(separator: "\n"))
    } catch {
      logger.warning(
        "cannot notify the service manager: \(error)", metadata: ["state": .string(assignments.joined(separator: " "))])
    }
  }

  private static func readMonotonicClock() -> UInt64 {
    var time = timespec()
    // clock_gettime(2) with this clock and a valid address cannot fail.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
  }
}
