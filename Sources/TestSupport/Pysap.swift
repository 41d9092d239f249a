// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SystemPackage

/// Genuine PSE files and an outside reader of them: pysap from PyPI, which `scripts/fetch-pysap` keeps below `.build`.
package struct Pysap: Sendable {
  private let folder: FilePath

  /// Why a test that needs pysap did not run.
  package static let absence = "pysap could not be fetched from PyPI (scripts/fetch-pysap says why)"

  /// Whether tests with pysap are to run: always in continuous integration, where its absence is a failure.
  package static var isExpected: Bool {
    get async {
      if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
      return (try? await fetched.value) != nil
    }
  }

  /// Fetches it at the first call of a test process.
  package static func fetch() async throws -> Pysap { try await fetched.value }

  /// The bytes of one of its test files.
  package func data(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: folder.appending("data").appending(name).string)))
  }

  /// The encoded certificate that it finds in a PSE file.
  ///
  /// - Throws: ``Failure`` with what it printed when it finds none.
  package func certificate(inPSE file: FilePath, pin: String? = nil) async throws -> [UInt8] {
    try await TemporaryFolder.with { scratch in
      let output = scratch.appending("certificate.der")
      // By way of the interpreter: the path in the program's first line goes stale when the folder moves.
      let result = try await OutsideTool.run(
        interpreter,
        [programs.appending("pysapgenpse").string, "-c", "get_pse_certs", "-f", file.string, "-o", output.string]
          + (pin.map { ["-x", $0] } ?? []))
      guard result.succeeded, let data = try? Data(contentsOf: URL(filePath: output.string)) else {
        throw Failure(description: result.output + result.errors)
      }
      return Array(data)
    }
  }

  /// Runs a Python program with pysap at hand; what it prints.
  package func python(_ program: String, _ arguments: [String] = []) async throws -> String {
    let result = try await OutsideTool.run(interpreter, ["-c", program] + arguments)
    guard result.succeeded else { throw Failure(description: result.output + result.errors) }
    return result.output
  }

  private var programs: FilePath { folder.appending("venv").appending("bin") }

  private var interpreter: String { programs.appending("python").string }

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private static let fetched = Task {
    let package = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    let result = try await OutsideTool.run(package.appending("scripts").appending("fetch-pysap").string, [])
    guard result.succeeded else { throw Failure(description: result.errors) }
    return Pysap(folder: FilePath(result.output.trimmed))
  }
}

extension String {
  fileprivate var trimmed: String { String(split(separator: "\n").last ?? "") }
}
