// SPDX-License-Identifier: Apache-2.0

import Settings

/// What a command that was called with `--json` prints when it cannot do what it was asked for.
struct ErrorReport: Encodable {
  /// One or more sentences for a person.
  let error: String
  let exitCode: Int32
  /// Those of the configuration; nil where it is not to blame.
  let mistakes: [MistakeReport]?

  private enum CodingKeys: String, CodingKey {
    case error, mistakes
    case exitCode = "exit-code"
  }

  /// - Returns: nil for an error that only carries an exit code, after a report that says it all.
  init?(_ error: any Error, message: String, exitCode: Int32) {
    let refusal = error as? ConfigurationRefusal
    guard exitCode != 0, !message.isEmpty else { return nil }
    let mistakes = refusal?.mistakes
    let count = mistakes?.count { $0.severity == .error }
    self.error = count.map { "the configuration has \(Output.count($0, "mistake"))" } ?? message
    self.exitCode = exitCode
    self.mistakes = mistakes?.map { MistakeReport($0) }
  }
}
