// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Glibc
package import SystemPackage

/// What the file system says of one file (stat(2)).
package struct FileStatus: Sendable, Equatable {
  /// What the file is; devices, sockets and pipes are all `other`.
  package enum Kind: Sendable, Equatable {
    case regular
    case folder
    case symbolicLink
    case other
  }

  package var kind: Kind
  /// The number of the user who owns it.
  package var owner: UInt32
  /// The number of its group.
  package var group: UInt32
  /// The permission bits, including set-user-ID, set-group-ID and sticky.
  package var mode: FilePermissions
  /// The size in bytes.
  package var size: Int64
  /// How many names the file has.
  package var linkCount: UInt64
  package var inode: UInt64
  package var device: UInt64
  /// When the bytes last changed.
  package var modified: Date

  package init(_ raw: stat) {
    kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .symbolicLink
      default: .other
      }
    owner = raw.st_uid
    group = raw.st_gid
    mode = FilePermissions(rawValue: CModeT(raw.st_mode & 0o7777))
    size = Int64(raw.st_size)
    linkCount = UInt64(raw.st_nlink)
    inode = UInt64(raw.st_ino)
    device = UInt64(raw.st_dev)
    modified = Date(
      timeIntervalSince1970: TimeInterval(raw.st_mtim.tv_sec) + TimeInterval(raw.st_mtim.tv_nsec) / 1e9)
  }
}
