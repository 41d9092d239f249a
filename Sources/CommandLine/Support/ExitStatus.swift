// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The exit codes, which are documented in `certrotd --help` and stay as they are.
///
/// A wrong command line ends with 64 (sysexits(3) `EX_USAGE`), which the argument parser does by itself.
extension ExitCode {
  /// The command found a fault, or failed.
  static let fault = ExitCode(1)
  /// No daemon runs that could be asked (sysexits(3) `EX_UNAVAILABLE`).
  static let noDaemon = ExitCode(69)
  /// It is not finished, and the daemon goes on (sysexits(3) `EX_TEMPFAIL`).
  static let underWay = ExitCode(75)
  /// Only root and the user of the daemon may do it (sysexits(3) `EX_NOPERM`).
  static let notAllowed = ExitCode(77)
  /// The configuration has mistakes (sysexits(3) `EX_CONFIG`).
  static let configuration = ExitCode(78)
}
