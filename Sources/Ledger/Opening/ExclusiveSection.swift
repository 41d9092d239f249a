// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// What only one process may do at a time, such as making a file that others would make as well.
enum ExclusiveSection {
  /// Runs `body` while the lock file `PATH.lock` is held, after waiting for whoever holds it.
  static func run<Value>(for path: FilePath, _ body: () throws -> Value) throws -> Value {
    let lock = try FileLock.acquire(at: FilePath("\(path).lock"), wait: true)
    // The lock has to outlive the body, whether that returns or throws.
    let result = Result(catching: body)
    _ = consume lock
    return try result.get()
  }
}
