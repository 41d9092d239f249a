// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization
package import SystemPackage

/// Tells which of a set of paths have changed (inotify(7)), in the spelling in which they were given.
///
/// A path counts as changed when the file is written and closed, replaced by rename, created, removed, given another
/// mode or owner, or when a folder or a symbolic link on the way to it changes; a path that is a folder, when any name
/// in it does. A path that does not exist yet is fine. Changes of a path that was not yet told are told once. It is a
/// help for reacting soon, not a proof: network file systems tell nothing, so readers look again now and then.
package final class FileWatcher: Sendable, AsyncSequence {
  package typealias Element = FilePath

  private let inotify: Descriptor
  private let loop: ReadinessLoop
  private let calls: any FileCalls
  private let state = Mutex(WatchState())

  /// Makes a watcher of no path; without a `loop` it gets one, and so a thread, of its own.
  package init(loop: ReadinessLoop? = nil, calls: any FileCalls = LinuxFileCalls()) throws(SystemError) {
    let number = inotify_init1(CLinux_IN_CLOEXEC | CLinux_IN_NONBLOCK)
    guard number >= 0 else { throw .last("inotify_init1") }
    inotify = Descriptor(takingOwnershipOf: number)
    self.loop = if let loop { loop } else { try ReadinessLoop() }
    self.calls = calls
  }

  /// Watches these absolute paths and no others from now on; those that were watched before go on undisturbed.
  ///
  /// Returns what cannot be watched and why: a folder that may not be read (`EACCES`), or too many watches (`ENOSPC`,
  /// `fs.inotify.max_user_watches`). Everything else is watched nevertheless.
  @discardableResult
  package func watch(_ paths: some Sequence<FilePath>) -> [SystemError] {
    let wanted = Set(paths)
    return state.withLock { state in
      for path in state.paths.subtracting(wanted) { removeWatches(state.drop(path)) }
      return wanted.subtracting(state.paths).sorted { $0.string < $1.string }.flatMap { follow($0, in: &state) }
    }
  }

  package func makeAsyncIterator() -> Iterator { Iterator(watcher: self) }

  /// The changes, one path at a time; only one iterator may wait at a time.
  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let watcher: FileWatcher

    /// The next path that has changed, or nil when the task is cancelled.
    package mutating func next() async throws -> FilePath? {
      while true {
        if Task.isCancelled { return nil }
        if let path = try watcher.nextPending() { return path }
        do {
          try await watcher.loop.waitUntilReadable(watcher.inotify.rawValue)
        } catch is CancellationError {
          return nil
        }
      }
    }
  }

  private func nextPending() throws(SystemError) -> FilePath? {
    let result: Result<FilePath?, SystemError> = state.withLock { state in
      do throws(SystemError) {
        let events = try InotifyEvent.readAll(from: inotify)
        for path in state.note(events, isBeingWritten: isBeingWritten) {
          // What cannot be watched of a new way was told at `watch`, or belongs to a folder that is going away.
          _ = follow(path, in: &state)
        }
        return .success(state.takePending())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Walks to `path`, watches every folder on the way, and lets go of the folders that are no longer on it.
  private func follow(_ path: FilePath, in state: inout WatchState) -> [SystemError] {
    var failures: [SystemError] = []
    var way: [WatchState.Key: FilePath] = [:]
    WatchPlan.walk(path, calls: calls) { interest in
      let watch = unsafe interest.folder.withPlatformString {
        unsafe inotify_add_watch(inotify.rawValue, $0, InotifyEvent.mask)
      }
      if watch >= 0 {
        way[WatchState.Key(watch: watch, name: interest.name?.string)] = interest.folder
      } else if errno != ENOENT && errno != ENOTDIR {
        failures.append(.last("inotify_add_watch", interest.folder))
      }
    }
    removeWatches(state.follow(path, by: way))
    return failures
  }

  private func removeWatches(_ watches: [CInt]) {
    // EINVAL: the kernel has removed it already, because the folder is gone.
    for watch in watches { _ = inotify_rm_watch(inotify.rawValue, watch) }
  }

  /// A regular file by its only name was made by open(2), so that a close follows; one with two came from link(2).
  private func isBeingWritten(_ path: FilePath) -> Bool {
    guard let status = try? calls.status(FileLocation(path), followingLink: false) else { return false }
    return status.kind == .regular && status.linkCount == 1
  }
}
