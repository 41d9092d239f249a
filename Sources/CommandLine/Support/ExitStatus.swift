// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The exit codes, which are documented in `certrotd --help` and stay as they are.
///
/// A wrong command line ends with 64 (sysexits(3) `EX_USAGE`), which the argument parser does by itself.
extension ExitCode {
  /// The command found a fault, or failed.
  static let fault = ExitCode(1)
  /// The configuration has mistakes (sysexits(3) `EX_CONFIG`).
  static let configuration = ExitCode(78)
}
