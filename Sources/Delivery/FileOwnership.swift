// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Who may use a file.
package struct FileOwnership: Sendable, Hashable {
  /// The number of the user who shall own it; nil: the user of this process.
  package var owner: UInt32?
  /// The number of the group it shall have; nil: the group that new files get.
  package var group: UInt32?
  package var mode: FilePermissions

  package init(owner: UInt32? = nil, group: UInt32? = nil, mode: FilePermissions) {
    self.owner = owner
    self.group = group
    self.mode = mode
  }
}
