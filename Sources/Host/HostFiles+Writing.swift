// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

extension HostFiles {
  /// Makes a file that does not exist yet, with its final owner, group and mode before the first byte is in it.
  ///
  /// With `sync` the bytes are on the disk on return; the folder's own fsync is the caller's. After a failure the
  /// file is removed again.
  package func createFile(
    at path: FilePath, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil, contents: SecretBytes,
    sync: Bool = true
  ) throws(SystemError) {
    try createFile(FileLocation(path), mode: mode, owner: owner, group: group, contents: contents, sync: sync)
  }

  /// Like `createFile(at:…)`, below an open folder.
  package func createFile(
    _ location: FileLocation, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil,
    attributes: [FileAttribute] = [], contents: SecretBytes, sync: Bool = true
  ) throws(SystemError) {
    let file = try calls.open(location, for: .creating)
    do throws(SystemError) {
      if !attributes.isEmpty {
        // Before the owner changes, who alone may set them. Where there is an access list, the bits of the group are its
        // mask: as bits they would admit a group that the list does not.
        let isListed = attributes.contains(where: \.isAccessList)
        let first = isListed ? mode.intersection(.ownerReadWriteExecute) : mode
        try settle(file, mode: first, owner: nil, group: group, path: location.path)
        for attribute in attributes { try calls.setAttribute(file, attribute, path: location.path) }
        if let owner { try calls.setOwner(file, owner: owner, group: nil, path: location.path) }
      } else {
        try settle(file, mode: mode, owner: owner, group: group, path: location.path)
      }
      try contents.withSpan { (bytes: Span<UInt8>) throws(SystemError) in
        try write(bytes, to: file, path: location.path)
      }
      if sync { try calls.synchronize(file, path: location.path) }
    } catch {
      throw discarding(location, after: error)
    }
  }

  /// Puts `contents` in the place of a file, existing or not, in one step: a reader finds the old bytes or the new ones.
  ///
  /// The bytes are written beside it as `.NAME.certrotd-XXXXXX`, synced, renamed, and the folder is synced. The folder
  /// is opened once, by the rule of `openFolder(at:)`. A symbolic link at `path` is replaced, not followed.
  package func replaceFile(
    at path: FilePath, mode: FilePermissions, owner: UInt32? = nil, group: UInt32? = nil,
    attributes: [FileAttribute] = [], contents: SecretBytes
  ) throws(SystemError) {
    guard let name = path.lastComponent, name.kind == .regular else {
      throw SystemError(call: "rename", path: path, errno: .invalidArgument, detail: "the path names no file")
    }
    let folder = try openFolder(at: path.removingLastComponent())
    let temporary = folder.location(Self.temporaryName(for: name), becoming: name)
    try createFile(
      temporary, mode: mode, owner: owner, group: group, attributes: attributes, contents: contents)
    do throws(SystemError) {
      try calls.rename(temporary, to: folder.location(name))
    } catch {
      throw discarding(temporary, after: error)
    }
    try calls.synchronize(folder.descriptor, path: folder.path)
  }

  /// A name that `replaceFile` and its like may write to before they rename it to `name`.
  package static func temporaryName(for name: FilePath.Component) -> FilePath.Component {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    let suffix = String((0..<temporarySuffixLength).map { _ in letters[Int.random(in: 0..<letters.count)] })
    return FilePath.Component("\(temporaryPrefix(for: name))\(suffix)") ?? name
  }

  /// Removes what an earlier process left behind when it ended between writing beside `name` and renaming.
  ///
  /// Only for a caller that is the only writer of that file.
  package func removeLeftovers(for name: FilePath.Component, in folder: borrowing Folder) throws(SystemError) {
    let prefix = Self.temporaryPrefix(for: name)
    for entry in try calls.list(folder)
    where entry.string.hasPrefix(prefix) && entry.string.utf8.count == prefix.utf8.count + Self.temporarySuffixLength {
      try removeTree(folder.location(entry))
    }
  }

  private func write(
    _ bytes: Span<UInt8>, to file: borrowing Descriptor, path: FilePath
  ) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try calls.write(bytes.extracting(done...), to: file, path: path)
    }
  }

  /// Removes a file that was not completed and returns the error that matters.
  private func discarding(_ location: FileLocation, after error: SystemError) -> SystemError {
    do throws(SystemError) {
      try calls.removeFile(location)
    } catch let second {
      var both = error
      let place = location.path.removingLastComponent().pushing(FilePath(root: nil, location.name.components.suffix(1)))
      both.detail = [error.detail, "and \(place) is left behind: \(second)"].compactMap(\.self)
        .joined(separator: ", ")
      return both
    }
    return error
  }

  private static func temporaryPrefix(for name: FilePath.Component) -> String { ".\(name.string).certrotd-" }
  private static var temporarySuffixLength: Int { 6 }
}
