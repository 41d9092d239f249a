// SPDX-License-Identifier: Apache-2.0

import CLinux
package import SystemPackage

extension HostFiles {
  /// Whether what is written at `path` stays in memory, by the kind of its file system (statfs(2)).
  ///
  /// Memory may still be swapped out.
  package static func isInMemory(_ path: FilePath) throws(SystemError) -> Bool {
    let kind = unsafe path.withPlatformString { name in unsafe CLinux_file_system_type(name) }
    guard kind >= 0 else { throw SystemError.last("statfs", path) }
    return [tmpfs, ramfs].contains(kind)
  }

  /// `TMPFS_MAGIC` and `RAMFS_MAGIC` of linux/magic.h, which no header of the C library has.
  private static let tmpfs: Int64 = 0x0102_1994
  private static let ramfs: Int64 = 0x8584_58F6
}
