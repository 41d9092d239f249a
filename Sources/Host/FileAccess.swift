// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Whose rights count when this process opens files (setfsuid(2)).
package enum FileAccess {
  /// Whether this process may take the rights of others.
  package static var isRoot: Bool { geteuid() == 0 }

  /// Does `body` with the file rights of `account`: its user, its groups, and none of root's capabilities.
  ///
  /// Only the calling thread is concerned, which is why `body` cannot wait for another.
  ///
  /// - Throws: what `body` throws; ``SystemError`` when the kernel refuses, which it does to all but root.
  package static func with<Result>(_ account: Account, _ body: () throws -> Result) throws -> Result {
    let before = try groupsOfThread()
    try setGroups(account.groups)
    CLinux_setfsgid(account.group)
    CLinux_setfsuid(account.user)
    defer {
      CLinux_setfsuid(geteuid())
      CLinux_setfsgid(getegid())
    }
    let result = Swift.Result {
      // Neither call tells whether it worked; one that cannot work tells who is in force.
      guard CLinux_setfsuid(uid_t.max) == CInt(bitPattern: account.user),
        CLinux_setfsgid(gid_t.max) == CInt(bitPattern: account.group)
      else { throw SystemError(call: "setfsuid", errno: .notPermitted, detail: "for \(account.name)") }
      return try body()
    }
    try setGroups(before)
    return try result.get()
  }

  private static func groupsOfThread() throws(SystemError) -> [gid_t] {
    let count = getgroups(0, nil)
    guard count >= 0 else { throw .last("getgroups") }
    var groups = [gid_t](repeating: 0, count: Int(count))
    guard unsafe getgroups(count, &groups) == count else { throw .last("getgroups") }
    return groups
  }

  private static func setGroups(_ groups: [gid_t]) throws(SystemError) {
    guard unsafe CLinux_setgroups_of_thread(groups.count, groups) == 0 else { throw .last("setgroups") }
  }
}
