// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

extension HostFiles {
  /// Gives a file or folder another mode, owner or group without touching what it holds; nothing is opened to anybody on the
  /// way.
  ///
  /// All of it happens to what was opened, never to what a symbolic link leads to, and never to a file that has a second
  /// name: that may be somebody else's (`EMLINK`).
  ///
  /// - Parameters:
  ///   - location: the file or folder.
  ///   - isFolder: which of them it has to be, or it is refused with `ENOTDIR` or `EISDIR`.
  ///   - mode: the permission bits that it shall have.
  ///   - owner: nil for the one it has.
  ///   - group: nil for the one it has.
  ///   - isRight: whether a file with these contents is the one that is meant, or it is refused with `ESTALE`.
  /// - Throws: ``SystemError``.
  package func setAttributes(
    _ location: FileLocation, isFolder: Bool, mode: FilePermissions, owner: UInt32?, group: UInt32?,
    ifContents isRight: (SecretBytes) -> Bool = { _ in true }
  ) throws(SystemError) {
    let path = location.path
    let file = try calls.open(location, for: isFolder ? .folder : .readingWithoutLink)
    let status = try calls.status(file, path: path)
    if !isFolder {
      guard let contents = try readSecret(file, path: path, limit: Self.limitOfComparison), isRight(contents) else {
        throw SystemError(call: "fchmod", path: path, errno: .staleNFSFileHandle, detail: "another file is there now")
      }
      guard status.linkCount == 1 else {
        throw SystemError(call: "fchmod", path: path, errno: .tooManyLinks, detail: "the file has another name besides")
      }
    }
    // Who may do too much already does not wait for the group.
    let narrowed = status.mode.intersection(mode)
    if narrowed != status.mode { try calls.setPermissions(file, narrowed, path: path) }
    try settle(
      file, mode: mode, owner: owner == status.owner ? nil : owner, group: group == status.group ? nil : group,
      path: path)
    try calls.synchronize(file, path: path)
  }

  /// In bytes; this only keeps a wrong file from filling the memory.
  private static var limitOfComparison: Int { 64 << 20 }
}
