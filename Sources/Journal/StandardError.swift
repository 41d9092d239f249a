// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process's standard error, for lines that have nowhere else to go.
enum StandardError {
  /// Writes `text` at once, so that lines of several threads do not mix.
  ///
  /// A failure is not reported: this is the last place where one could be.
  @Sendable static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
      }
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if errno != EINTR {
        return
      }
    }
  }
}
