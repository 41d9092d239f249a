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

  /// Runs a program that writes something once it is ready, does `body`, and closes the program's input, which ends it.
  ///
  /// - Throws: when the program cannot be started or ends before it is ready, and what `body` throws.
  package static func run(
    _ name: String, _ arguments: [String], while body: () async throws -> Void
  ) async throws {
    let failure = try await Subprocess.run(
      .name(name), arguments: Arguments(arguments), input: .inputWriter, output: .sequence,
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { execution -> (any Error)? in
      var output = execution.standardOutput.makeAsyncIterator()
      guard try await output.next() != nil else { return TestServerError("\(name) ended at once") }
      var failure: (any Error)?
      do { try await body() } catch { failure = error }
      try await execution.standardInputWriter.finish()
      return failure
    }.closureResult
    if let failure { throw failure }
  }

  /// In bytes.
  private static let outputLimit = 1024 * 1024
}
