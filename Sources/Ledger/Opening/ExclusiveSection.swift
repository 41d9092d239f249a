// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// What only one process may do at a time, such as making a file that others would make as well.
enum ExclusiveSection {
  /// Runs `body` while the lock file `PATH.lock` is held, after waiting for whoever holds it.
  ///
  /// Throws `SystemError` for the lock file, and what `body` throws.
  static func run<Value>(for path: FilePath, _ body: () throws -> Value) throws -> Value {
    let lockFile = FilePath("\(path).lock")
    try makeLockFile(lockFile)
    let lock = try FileLock.acquire(at: lockFile, wait: true)
    // The lock has to outlive the body, whether that returns or throws.
    let result = Result(catching: body)
    _ = consume lock
    return try result.get()
  }

  private static func makeLockFile(_ path: FilePath) throws(SystemError) {
    let files = HostFiles()
    guard try files.linkStatusIfPresent(of: path) == nil else { return }
    let heir = try FolderOwner(of: path)
    do throws(SystemError) {
      try files.createFile(
        at: path, mode: .ownerReadWrite, owner: heir.owner, group: heir.group, contents: SecretBytes(copying: []))
    } catch  where error.errno == .fileExists {
      // Another process was faster; its file is as good.
    }
  }
}
