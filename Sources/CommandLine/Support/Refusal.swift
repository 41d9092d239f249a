// SPDX-License-Identifier: Apache-2.0

/// Why a command that was typed rightly cannot be carried out, as a sentence; it ends with exit code 1.
///
/// A `ValidationError` would blame the command line and print its usage.
struct Refusal: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
