// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Files of this host, read and replaced so that nobody ever sees half of one.
///
/// Every function blocks its thread for as long as the disk takes, and throws `SystemError`. All of them go
/// through `calls`, where a test puts calls that fail at a chosen place.
package struct HostFiles: Sendable {
  /// The system calls beneath.
  package let calls: any FileCalls

  package init(calls: any FileCalls = LinuxFileCalls()) {
    self.calls = calls
  }

  /// What a path leads to, symbolic links followed.
  package func status(of path: FilePath) throws(SystemError) -> FileStatus {
    try calls.status(FileLocation(path), followingLink: true)
  }

  /// What a path names, the symbolic link itself where it is one.
  package func linkStatus(of path: FilePath) throws(SystemError) -> FileStatus {
    try calls.status(FileLocation(path), followingLink: false)
  }

  /// Like `linkStatus`, or nil where nothing has that name.
  package func linkStatusIfPresent(of path: FilePath) throws(SystemError) -> FileStatus? {
    try statusIfPresent(FileLocation(path))
  }

  /// What a location names, the symbolic link itself where it is one, or nil where nothing has that name.
  package func statusIfPresent(_ location: FileLocation) throws(SystemError) -> FileStatus? {
    do throws(SystemError) {
      return try calls.status(location, followingLink: false)
    } catch  where error.errno == .noSuchFileOrDirectory {
      return nil
    }
  }

  /// The names in a folder, sorted by their bytes.
  package func list(_ path: FilePath) throws(SystemError) -> [String] {
    try list(openFolder(at: path))
  }

  /// The names in an open folder, sorted by their bytes.
  package func list(_ folder: borrowing Folder) throws(SystemError) -> [String] {
    try calls.list(folder).map(\.string).sorted()
  }

  /// The text of a symbolic link, unresolved.
  package func readLink(_ path: FilePath) throws(SystemError) -> FilePath {
    try calls.readLink(FileLocation(path))
  }

  /// Makes a symbolic link at `path`, where nothing may be yet.
  package func symbolicLink(at path: FilePath, target: FilePath) throws(SystemError) {
    try calls.makeSymbolicLink(FileLocation(path), to: target)
  }

  /// Makes a folder with exactly `mode`, whatever the umask.
  package func makeDirectory(
    at path: FilePath, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil
  ) throws(SystemError) {
    try makeDirectory(FileLocation(path), mode: mode, owner: owner, group: group)
  }

  /// Makes a folder with exactly `mode`, whatever the umask; until it is complete nobody else may enter it.
  package func makeDirectory(
    _ location: FileLocation, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil
  ) throws(SystemError) {
    try calls.makeFolder(location, mode: .ownerReadWriteExecute)
    let folder = try calls.open(location, for: .folder)
    try settle(folder, mode: mode, owner: owner, group: group, path: location.path)
  }

  /// Makes a folder and every missing one above it; those that exist stay as they are.
  package func makeDirectories(at path: FilePath, mode: FilePermissions) throws(SystemError) {
    if try existsAsFolder(path) { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty { try makeDirectories(at: parent, mode: mode) }
    do throws(SystemError) {
      try makeDirectory(at: path, mode: mode)
    } catch  where error.errno == .fileExists {
      // Somebody else was faster; what counts is that it is a folder.
      guard try existsAsFolder(path) else { throw error }
      return
    }
    try syncDirectory(at: parent.isEmpty ? "." : parent)
  }

  /// Renames, replacing a file that has the new name; the folder still has to be synced.
  package func rename(from old: FilePath, to new: FilePath) throws(SystemError) {
    try calls.rename(FileLocation(old), to: FileLocation(new))
  }

  /// Swaps two names in one step, so that neither is ever missing; the folder still has to be synced.
  package func exchange(_ one: FilePath, with other: FilePath) throws(SystemError) {
    try calls.exchange(FileLocation(one), with: FileLocation(other))
  }

  /// Waits until the names in a folder are on the disk.
  package func syncDirectory(at path: FilePath) throws(SystemError) {
    try calls.synchronize(openFolder(at: path).descriptor, path: path)
  }

  /// Removes a file, a symbolic link, or a folder with all that is in it; what does not exist is fine.
  ///
  /// Symbolic links are removed, never followed.
  package func removeTree(at path: FilePath) throws(SystemError) {
    try removeTree(FileLocation(path))
  }

  /// Like `removeTree(at:)`, below an open folder.
  package func removeTree(_ location: FileLocation) throws(SystemError) {
    guard let status = try statusIfPresent(location) else { return }
    guard status.kind == .folder else { return try calls.removeFile(location) }
    let folder = Folder(try calls.open(location, for: .folder), path: location.path)
    for name in try calls.list(folder) { try removeTree(folder.location(name)) }
    try calls.removeFolder(location)
  }

  /// Gives a folder that was made with `makeDirectory` its final mode, owner and group once it is filled, and syncs it.
  package func settle(
    _ folder: borrowing Folder, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil
  ) throws(SystemError) {
    try settle(folder.descriptor, mode: mode, owner: owner, group: group, path: folder.path)
    try calls.synchronize(folder.descriptor, path: folder.path)
  }

  /// Sets group, mode and owner of a new file or folder in the order that opens it to nobody too early.
  ///
  /// The group comes before the mode, since a mode that admits the group would admit the wrong one; the owner
  /// comes last, since only the owner may set the mode (chmod(2)). A process may give a file to a group that it is a
  /// member of; another user needs CAP_CHOWN (chown(2)).
  func settle(
    _ file: borrowing Descriptor, mode: FilePermissions, owner: UInt32?, group: UInt32?, path: FilePath
  ) throws(SystemError) {
    if let group { try calls.setOwner(file, owner: nil, group: group, path: path) }
    try calls.setPermissions(file, mode, path: path)
    if let owner { try calls.setOwner(file, owner: owner, group: nil, path: path) }
  }

  private func existsAsFolder(_ path: FilePath) throws(SystemError) -> Bool {
    do throws(SystemError) {
      return try status(of: path).kind == .folder
    } catch  where error.errno == .noSuchFileOrDirectory {
      return false
    }
  }
}
