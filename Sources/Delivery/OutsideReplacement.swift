// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// One file or folder outside the generations that is being replaced, in steps that can be taken back.
///
/// The new one is written beside the old one, then the two swap names, so that consumers find either whole and the old
/// one is still there until the whole set is in force. All steps work on the folder as it was opened first,
/// whatever happens to its path meanwhile.
final class OutsideReplacement {
  private enum State {
    /// The new one lies at the temporary name.
    case prepared
    /// The new one is in place, where nothing was before.
    case placed
    /// The new one is in place, the old one lies at the temporary name.
    case exchanged
    /// The new one is in place and the old one is gone: the file system cannot swap names.
    case overwritten
    /// There is nothing left to do or to take back.
    case finished
  }

  private let files: HostFiles
  private let folder: Folder
  private let name: FilePath.Component
  private let isFolder: Bool
  private let temporary: FilePath.Component
  private var state = State.prepared

  private init(
    files: HostFiles, folder: consuming Folder, name: FilePath.Component, isFolder: Bool,
    temporary: FilePath.Component
  ) {
    self.files = files
    self.folder = folder
    self.name = name
    self.isFolder = isFolder
    self.temporary = temporary
  }

  /// Writes the new file or folder beside the old one; on an error nothing is left of it.
  static func prepare(
    _ item: GenerationManifest.Item, _ contents: [SecretBytes], at path: FilePath, files: HostFiles
  ) throws(SystemError) -> OutsideReplacement {
    guard let name = path.lastComponent else {
      throw SystemError(call: "open", path: path, errno: .invalidArgument, detail: "the path names no file")
    }
    let folder = try files.openFolder(at: path.removingLastComponent())
    try checkKind(at: folder.location(name), isFolder: item.isFolder, files: files)
    try files.removeLeftovers(for: name, in: folder)
    let replacement = OutsideReplacement(
      files: files, folder: folder, name: name, isFolder: item.isFolder,
      temporary: HostFiles.temporaryName(for: name))
    do throws(SystemError) {
      // The members of a folder are reached by its own name, which is the temporary one until it is in place.
      let beside =
        item.isFolder
        ? replacement.folder.location(replacement.temporary)
        : replacement.folder.location(replacement.temporary, becoming: name)
      try files.write(item, contents, at: beside)
    } catch {
      var both = error
      if let second = replacement.takeBack() {
        both.detail = [error.detail, "and cleaning up failed: \(second)"].compactMap(\.self).joined(separator: ", ")
      }
      throw both
    }
    return replacement
  }

  /// Removes what an interrupted replacement left beside `path`, and returns what kept that from working.
  static func removeLeftovers(of path: FilePath, files: HostFiles) throws(SystemError) -> [SystemError] {
    guard let name = path.lastComponent else { return [] }
    let folder = try files.openFolder(at: path.removingLastComponent())
    do throws(SystemError) {
      try files.removeLeftovers(for: name, in: folder)
      return []
    } catch {
      return [error]
    }
  }

  /// Refuses to put a file in the place of a folder, or the other way round; a symbolic link counts as a file.
  static func checkKind(at location: FileLocation, isFolder: Bool, files: HostFiles) throws(SystemError) {
    guard let status = try files.statusIfPresent(location) else { return }
    if (status.kind == .folder) == isFolder { return }
    throw SystemError(
      call: "rename", path: location.path, errno: isFolder ? .notDirectory : .isDirectory,
      detail: isFolder ? "a folder is to be delivered there" : "a file is to be delivered there")
  }

  /// Where the item goes.
  var path: FilePath { destination.path }

  /// Puts the new one in place.
  func place() throws(SystemError) {
    guard try files.statusIfPresent(destination) != nil else {
      try files.calls.rename(beside, to: destination)
      state = .placed
      return
    }
    do throws(SystemError) {
      try files.calls.exchange(beside, with: destination)
      state = .exchanged
    } catch  where !isFolder && [.invalidArgument, .noFunction, .notSupported].contains(error.errno) {
      // renameat2(2): network file systems refuse to swap; a plain rename replaces a file just as wholly.
      try files.calls.rename(beside, to: destination)
      state = .overwritten
    }
  }

  /// Waits until the new names are on the disk.
  func synchronize() throws(SystemError) {
    try files.calls.synchronize(folder.descriptor, path: folder.path)
  }

  /// Puts the old one back, and returns what kept that from working.
  func takeBack() -> SystemError? {
    do throws(SystemError) {
      switch state {
      case .prepared: try files.removeTree(beside)
      case .placed:
        try files.removeTree(destination)
        try synchronize()
      case .exchanged:
        try files.calls.exchange(beside, with: destination)
        state = .prepared
        try synchronize()
        try files.removeTree(beside)
      case .overwritten:
        return SystemError(
          call: "renameat2", path: path, errno: .notSupported, detail: "the new file is in place already")
      case .finished: break
      }
      state = .finished
      return nil
    } catch {
      return error
    }
  }

  /// Removes the old one for good, and returns what kept that from working.
  func finish() -> SystemError? {
    do throws(SystemError) {
      if case .exchanged = state { try files.removeTree(beside) }
      state = .finished
      return nil
    } catch {
      return error
    }
  }

  private var destination: FileLocation { folder.location(name) }
  private var beside: FileLocation { folder.location(temporary) }
}
