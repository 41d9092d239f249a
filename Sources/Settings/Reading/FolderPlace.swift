// SPDX-License-Identifier: Apache-2.0

/// Where a folder is, whatever it is called: symbolic links and mounts give several names to one folder.
package struct FolderPlace: Sendable, Hashable, Codable {
  /// A folder that exists, by the numbers that the kernel knows it by (stat(2)).
  package struct Identity: Sendable, Hashable, Codable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
      self.device = device
      self.inode = inode
    }
  }

  /// The folder itself where it exists, else the nearest one above it that does; then all that these lie in, up to `/`.
  package var existing: [Identity]
  /// The names below the first of `existing` that do not exist yet; empty for a folder that does.
  package var missing: [String]

  package init(existing: [Identity], missing: [String] = []) {
    self.existing = existing
    self.missing = missing
  }
}
