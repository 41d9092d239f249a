// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage

/// To whom root gives what it makes in the state directory: a command run as root must not leave files there that the
/// daemon, which runs under its own account, cannot open.
struct FolderOwner {
  /// The user, or nil when this process is not root and keeps what it makes.
  let owner: UInt32?
  let group: UInt32?

  init(of file: FilePath) throws(SystemError) {
    guard geteuid() == 0 else {
      (owner, group) = (nil, nil)
      return
    }
    let status = try HostFiles().status(of: Self.folder(of: file))
    (owner, group) = (status.owner, status.group)
  }

  static func folder(of file: FilePath) -> FilePath {
    let folder = file.removingLastComponent()
    return folder.isEmpty ? "." : folder
  }
}
