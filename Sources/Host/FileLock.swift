// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// An exclusive lock among processes on a lock file (flock(2)); it ends with this value, or with the process.
package struct FileLock: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// Lets go of the lock itself, not only of this descriptor.
  ///
  /// A child that another thread forks at this moment holds a copy, and with it the lock, until it calls execve(2).
  deinit { _ = flock(descriptor.rawValue, LOCK_UN) }

  /// Takes the lock, making the file with mode 0600 when it is missing.
  ///
  /// Returns nil when another holder has it and `wait` is false; with `wait` the thread blocks until it is free.
  package static func acquire(
    at path: FilePath, wait: Bool, calls: any FileCalls = LinuxFileCalls()
  ) throws(SystemError) -> FileLock? {
    let descriptor = try calls.open(FileLocation(path), for: .locking)
    while true {
      if flock(descriptor.rawValue, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0 {
        return FileLock(descriptor: descriptor)
      }
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: return nil
      default: throw .last("flock", path)
      }
    }
  }
}
