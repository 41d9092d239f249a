// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A failure with its own exit code, whose sentence stands for itself: it names the file or the daemon that it is about.
struct ToldFailure: Error, CustomStringConvertible {
  let description: String
  let exitCode: ExitCode

  init(_ description: String, _ exitCode: ExitCode = .fault) {
    self.description = description
    self.exitCode = exitCode
  }
}
