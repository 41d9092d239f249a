// SPDX-License-Identifier: Apache-2.0

/// A program that runs after a keystore's files changed.
///
/// No shell reads the arguments.
package struct HookSettings: Sendable, Hashable {
  /// The absolute path of the program, then its arguments; never empty.
  package var arguments: [String]
  /// After this long the program is ended and counts as failed.
  package var deadline: Duration

  package init(arguments: [String], deadline: Duration = Defaults.hookDeadline) {
    self.arguments = arguments
    self.deadline = deadline
  }
}
