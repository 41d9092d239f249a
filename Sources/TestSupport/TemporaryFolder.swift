// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
package import SystemPackage

/// An empty folder of mode 0700 that is removed, with all that is in it, when this value goes.
package final class TemporaryFolder: Sendable {
  /// The absolute path, free of symbolic links as far as its parent is.
  package let path: FilePath
  private let isLent: Bool

  /// Makes the folder below `parent`, which is a disk's, where fsync(2) takes its time, unless told otherwise.
  package init(in parent: FilePath = "/tmp") throws(SystemError) {
    path = parent.appending("certrotd-test-\(UUID().uuidString.prefix(8))")
    isLent = false
    try HostFiles().makeDirectory(at: path, mode: .ownerReadWriteExecute)
  }

  /// The folder of another process, which removes it.
  package init(lent path: FilePath) {
    self.path = path
    isLent = true
  }

  deinit {
    if isLent { return }
    do {
      try HostFiles().removeTree(at: path)
    } catch {
      preconditionFailure("the test's folder stays behind: \(error)")
    }
  }

  /// Lends an empty folder to `body` and removes it when that has returned.
  package static func with<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { extendLifetime(folder) }
    return try await body(folder.path)
  }

  /// The path of `name`, which may have several components, below this folder.
  package func file(_ name: String) -> FilePath { path.pushing(FilePath(name)) }

  /// Writes a file as an ordinary program would, with mode 0644, and returns its path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws(SystemError) -> FilePath {
    let path = file(name)
    try HostFiles().removeTree(at: path)
    try HostFiles().createFile(
      at: path, mode: [.ownerReadWrite, .groupRead, .otherRead], contents: SecretBytes(copying: text.utf8), sync: false)
    return path
  }

  /// Writes a file with mode 0600, as it is fit for keys, and returns its path.
  @discardableResult
  package func write(_ name: String, bytes: some Collection<UInt8>) throws(SystemError) -> FilePath {
    let path = file(name)
    try HostFiles().removeTree(at: path)
    try HostFiles().createFile(at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: bytes), sync: false)
    return path
  }

  /// What a file contains, as text.
  package func read(_ name: String) throws(SystemError) -> String {
    String(decoding: try HostFiles().readFile(file(name), limit: 1 << 20), as: UTF8.self)
  }

  /// Writes a file as a test's input for another program.
  package static func write(_ bytes: [UInt8], to path: FilePath) throws {
    try Data(bytes).write(to: URL(filePath: path.string))
  }
}
