// SPDX-License-Identifier: Apache-2.0

package import Subprocess
package import SystemPackage

/// A program that judges our work from outside, such as `openssl` or `keytool`.
package enum OutsideTool {
  package struct Result: Sendable {
    /// Whether the program ended with 0.
    package let succeeded: Bool
    package let output: String
    package let errors: String
    /// Output, then errors.
    package var everything: String { output + errors }
  }

  /// Runs a program to its end and gathers what it wrote.
  ///
  /// - Parameters:
  ///   - name: looked up in `PATH`, unless it holds a slash.
  ///   - arguments: without the program's own name.
  ///   - environment: set beside what is inherited.
  ///   - workingDirectory: ours when it is `nil`.
  /// - Returns: what it wrote and whether it succeeded.
  /// - Throws: when the program cannot be started or writes more than a megabyte.
  package static func run(
    _ name: String, _ arguments: [String], environment: [Environment.Key: String] = [:],
    workingDirectory: FilePath? = nil
  ) async throws -> Result {
    let result = try await Subprocess.run(
      name.contains("/") ? .path(FilePath(name)) : .name(name), arguments: Arguments(arguments),
      environment: .inherit.updating(environment.mapValues(Optional.some)), workingDirectory: workingDirectory,
      output: .string(limit: outputLimit), error: .string(limit: outputLimit))
    return Result(
      succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
      errors: result.standardError)
  }

  /// In bytes.
  private static let outputLimit = 1024 * 1024
}
