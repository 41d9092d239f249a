// SPDX-License-Identifier: Apache-2.0

/// An extended attribute of a file (xattr(7)) that a file in its place is to have as well.
package struct FileAttribute: Sendable, Hashable {
  package let name: String
  package let value: [UInt8]

  package init(name: String, value: [UInt8]) {
    self.name = name
    self.value = value
  }

  /// Whether it is the list of further users and groups that may use the file (acl(5)).
  package var isAccessList: Bool { name == Self.accessList }

  /// Whether a name is one of an administrator's: an access list, or what programs of users keep there.
  ///
  /// The others are the kernel's and its security modules', which give a new file its own.
  static func isKept(_ name: String) -> Bool { name == accessList || name.hasPrefix("user.") }

  private static let accessList = "system.posix_acl_access"
}
