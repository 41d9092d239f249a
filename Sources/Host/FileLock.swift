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

  /// Lets go of it, where a reader sees it.
  ///
  /// A lock in a local constant lasts until its scope ends (SE-0390); one that is handed over as a parameter which nothing
  /// reads may end at once.
  package consuming func release() {}

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

  /// Takes the lock on a folder itself, which leaves no lock file behind.
  ///
  /// The thread sleeps a few milliseconds between its attempts, since flock(2) has no limit of its own.
  ///
  /// - Parameters:
  ///   - path: The folder; the empty path is the current one.
  ///   - limit: How long to try, on the monotonic clock.
  ///   - files: Opens the folder.
  /// - Returns: The lock, or nil when another holder had it all the time.
  /// - Throws: `SystemError` for a folder that cannot be opened or locked.
  package static func acquire(
    onFolder path: FilePath, within limit: Duration, files: HostFiles = HostFiles()
  ) throws(SystemError) -> FileLock? {
    let folder = try files.openFolder(at: path)
    let descriptor = try files.calls.open(folder.itself, for: .folder)
    let end = ContinuousClock.now + limit
    while true {
      if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor: descriptor) }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw .last("flock", folder.path) }
      guard ContinuousClock.now < end else { return nil }
      _ = usleep(UInt32.random(in: 5000...20_000))
    }
  }
}
