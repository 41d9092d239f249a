// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

extension HostFiles {
  /// Opens a folder; whatever is done through the result happens in that folder, however its path changes meanwhile.
  ///
  /// Symbolic links on the way are followed as long as they belong to root, to this process's user, or to the
  /// owner of the folder they lead to. Any other link is refused with `ELOOP`: an account that may
  /// write into its own folder could otherwise make a privileged writer write into somebody else's (the rule of
  /// proc_sys_fs(5) `protected_symlinks`, applied everywhere).
  ///
  /// The empty path, which is where a bare file name lies, is the current folder.
  package func openFolder(at path: FilePath) throws(SystemError) -> Folder {
    let path = path.isEmpty ? "." : path
    do throws(SystemError) {
      return Folder(try calls.open(FileLocation(path), for: .folderWithoutLinks), path: path)
    } catch  where [.tooManySymbolicLinkLevels, .noFunction, .notPermitted].contains(error.errno) {
      // A link is on the way, or the kernel or a system call filter does not know openat2(2): step by step then.
      return try walkToFolder(at: path)
    }
  }

  private func walkToFolder(at path: FilePath) throws(SystemError) -> Folder {
    var place = try calls.open(FileLocation(path.isAbsolute ? "/" : "."), for: .place)
    var remaining = Array(path.components.reversed())
    var linkOwner: UInt32?
    var links = 0
    while let component = remaining.popLast() {
      let next = try calls.open(
        FileLocation(folder: place.rawValue, name: FilePath(root: nil, [component]), path: path), for: .place)
      let status = try calls.status(next, path: path)
      guard status.kind == .symbolicLink else {
        place = next
        continue
      }
      links += 1
      guard links <= linksAtMost else { throw SystemError(call: "open", path: path, errno: .tooManySymbolicLinkLevels) }
      if status.owner != 0 && status.owner != geteuid() {
        if let earlier = linkOwner, earlier != status.owner { throw Self.foreignLink(path, earlier, status.owner) }
        linkOwner = status.owner
      }
      let target = try calls.readLink(FileLocation(folder: next.rawValue, name: FilePath(), path: path))
      if target.isAbsolute { place = try calls.open(FileLocation("/"), for: .place) }
      remaining += target.components.reversed()
    }
    let folder = Folder(
      try calls.open(FileLocation(folder: place.rawValue, name: ".", path: path), for: .folder), path: path)
    if let linkOwner {
      let owner = try calls.status(folder.descriptor, path: path).owner
      guard owner == linkOwner else { throw Self.foreignLink(path, linkOwner, owner) }
    }
    return folder
  }

  private static func foreignLink(_ path: FilePath, _ linkOwner: UInt32, _ owner: UInt32) -> SystemError {
    SystemError(
      call: "open", path: path, errno: .tooManySymbolicLinkLevels,
      detail: "a symbolic link of user \(linkOwner) leads into what user \(owner) owns")
  }

  // The kernel's own limit (path_resolution(7)).
  private var linksAtMost: Int { 40 }
}
