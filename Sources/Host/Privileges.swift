// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Whose rights the process works with (credentials(7)).
package enum Privileges {
  /// The user that the process works as.
  package static var user: UInt32 { geteuid() }

  /// Works from now on as the owner of `folder`, where the process is root's and the folder is not.
  ///
  /// A command that root calls beside the daemon would otherwise leave files that the daemon cannot open. ``asRoot(_:)``
  /// takes root's rights back for a moment.
  ///
  /// - Parameters:
  ///   - folder: whose owner and group to take; nothing happens when it does not exist.
  ///   - groups: further groups to be in, as the unit's `SupplementaryGroups=` would give.
  /// - Throws: ``SystemError`` when the kernel refuses.
  package static func assumeOwner(of folder: FilePath, keepingGroups groups: [UInt32]) throws(SystemError) {
    guard geteuid() == 0, let status = try HostFiles().linkStatusIfPresent(of: folder), status.owner != 0 else {
      return
    }
    var all = [status.group] + groups
    guard unsafe setgroups(all.count, &all) == 0 else { throw failure("setgroups", folder) }
    guard setegid(status.group) == 0 else { throw failure("setegid", folder) }
    guard seteuid(status.owner) == 0 else { throw failure("seteuid", folder) }
  }

  /// Does `body` as root, where ``assumeOwner(of:keepingGroups:)`` gave root's rights away, and gives them away again.
  ///
  /// - Throws: what `body` throws; ``SystemError`` when the kernel refuses.
  package static func asRoot<Result>(_ body: () throws -> Result) throws -> Result {
    let (user, group) = (geteuid(), getegid())
    guard getuid() == 0, user != 0 else { return try body() }
    guard seteuid(0) == 0 else { throw failure("seteuid", nil) }
    let result = Swift.Result {
      guard setegid(0) == 0 else { throw failure("setegid", nil) }
      return try body()
    }
    guard setegid(group) == 0 else { throw failure("setegid", nil) }
    guard seteuid(user) == 0 else { throw failure("seteuid", nil) }
    return try result.get()
  }

  private static func failure(_ call: String, _ path: FilePath?) -> SystemError {
    SystemError(call: call, path: path, errno: Errno(rawValue: errno))
  }
}
