// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SystemPackage

/// A folder that lives as long as the body of ``with(_:)`` runs.
package enum TemporaryFolder {
  /// Makes an empty folder that only this user may enter, and removes it with all it holds, whatever happens.
  package static func with<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "certrotd-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let result: Result
    do {
      result = try await body(FilePath(path))
    } catch {
      try? FileManager.default.removeItem(atPath: path)  // the error of the body is the one to report
      throw error
    }
    try FileManager.default.removeItem(atPath: path)
    return result
  }
}
