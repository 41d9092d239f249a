// SPDX-License-Identifier: Apache-2.0

/// A user of this host with all groups that it is in (passwd(5), group(5)).
package struct Account: Sendable, Hashable {
  package let name: String
  package let user: UInt32
  /// The primary group.
  package let group: UInt32
  /// All groups, the primary one among them.
  package var groups: [UInt32]

  package init(name: String, user: UInt32, group: UInt32, groups: [UInt32]) {
    self.name = name
    self.user = user
    self.group = group
    self.groups = groups
  }
}
