// SPDX-License-Identifier: Apache-2.0

import Settings

/// A configuration that cannot be used, with all its mistakes; the command ends with exit code 78.
struct ConfigurationRefusal: Error, CustomStringConvertible {
  let mistakes: [ConfigurationMistake]

  /// One mistake a line.
  var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
