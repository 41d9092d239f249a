// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What a file is opened for; each stands for the flags of open(2) that it needs.
package enum FileOpening: Sendable, Equatable {
  /// Reading; a pipe does not block.
  case reading
  /// Reading a file that is not named by a symbolic link, which is refused with `ELOOP`; a pipe does not block.
  case readingWithoutLink
  /// Writing a file that must not exist yet, with no permission bit at all until `setPermissions` gives some.
  case creating
  /// A folder, for its names, for fsync(2), and as the start of locations.
  case folder
  /// The same, but refused with `ELOOP` when any part of the path is a symbolic link (openat2(2)).
  case folderWithoutLinks
  /// Only a place in the tree, whatever it is, a symbolic link included (`O_PATH`).
  case place
  /// A lock file: made with mode 0600 when it is missing, never changed.
  case locking
}

/// The system calls on files, one function each, so that every one of them can be made to fail on its own.
///
/// `LinuxFileCalls` is the kernel. Whatever writes takes its calls from `HostFiles`, which is built on this.
package protocol FileCalls: Sendable {
  /// Opens a file; never follows a symbolic link in the last place except for `.reading` (openat(2)).
  func open(_ location: FileLocation, for opening: FileOpening) throws(SystemError) -> Descriptor
  /// Fills `buffer` from its index `start` on, as far as the file has bytes at hand; 0 is the end (read(2)).
  func read(
    _ file: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>, at start: Int, path: FilePath
  ) throws(SystemError) -> Int
  /// Writes some of `bytes` and returns how many (write(2)).
  func write(_ bytes: Span<UInt8>, to file: borrowing Descriptor, path: FilePath) throws(SystemError) -> Int
  /// Gives the file to a user, a group, or both (fchown(2)).
  func setOwner(
    _ file: borrowing Descriptor, owner: UInt32?, group: UInt32?, path: FilePath) throws(SystemError)
  /// Sets the permission bits (fchmod(2)).
  func setPermissions(
    _ file: borrowing Descriptor, _ mode: FilePermissions, path: FilePath) throws(SystemError)
  /// Waits until the file's bytes, or the folder's names, are on the disk (fsync(2)).
  func synchronize(_ file: borrowing Descriptor, path: FilePath) throws(SystemError)
  /// What a file carries beside its owner, group and mode; empty where the file system knows nothing of it (fgetxattr(2)).
  func attributes(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> [FileAttribute]
  /// Gives the file an attribute (fsetxattr(2)); an access list changes the permission bits, too.
  func setAttribute(_ file: borrowing Descriptor, _ attribute: FileAttribute, path: FilePath) throws(SystemError)
  /// Tells what an open file is (fstat(2)).
  func status(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> FileStatus
  /// Tells what lies at a place, the symbolic link itself or what it leads to (fstatat(2)).
  func status(_ location: FileLocation, followingLink: Bool) throws(SystemError) -> FileStatus
  /// Tells whether this process may add and remove names in a folder (faccessat(2)).
  func checkWritable(folder: FileLocation) throws(SystemError)
  /// The names in a folder, without `.` and `..`, in no order (readdir(3)).
  func list(_ folder: borrowing Folder) throws(SystemError) -> [FilePath.Component]
  /// The text of a symbolic link (readlinkat(2)); an empty name means the `.place` that is open as the folder.
  func readLink(_ location: FileLocation) throws(SystemError) -> FilePath
  /// Makes a symbolic link (symlinkat(2)).
  func makeSymbolicLink(_ location: FileLocation, to target: FilePath) throws(SystemError)
  /// Makes a folder, with `mode` less the umask (mkdirat(2)).
  func makeFolder(_ location: FileLocation, mode: FilePermissions) throws(SystemError)
  /// Renames, replacing what has the new name (renameat(2)).
  func rename(_ old: FileLocation, to new: FileLocation) throws(SystemError)
  /// Swaps two names in one step (renameat2(2) `RENAME_EXCHANGE`).
  func exchange(_ one: FileLocation, with other: FileLocation) throws(SystemError)
  /// Removes a name that is not a folder's (unlinkat(2)).
  func removeFile(_ location: FileLocation) throws(SystemError)
  /// Removes an empty folder (unlinkat(2) `AT_REMOVEDIR`).
  func removeFolder(_ location: FileLocation) throws(SystemError)
}
