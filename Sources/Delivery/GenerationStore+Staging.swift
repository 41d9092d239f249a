// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

extension GenerationStore {
  /// Writes a generation completely and durably beside the others, without putting it in force.
  ///
  /// Every file has its final owner, group and mode before its first byte is written; the copies of outside
  /// items have mode 0600. Before anything is written the outside folders are checked: they exist, may be written to, and
  /// nothing of another kind stands at the path. When this fails, or is interrupted, nothing of the generation counts and
  /// it may be repeated; staging the same set again under the same number changes nothing. `number` is 1 or more.
  package func stage(_ number: Int, _ set: DeliverySet) throws(DeliveryError) {
    precondition(number > 0, "generations are numbered from 1 on, not \(number)")
    let (manifest, contents) = plan(set)
    for item in manifest.items { try checkOutside(item) }
    try reporting { () throws(SystemError) in try files.makeDirectories(at: generations, mode: Self.folderMode) }
    try locked { () throws(DeliveryError) in
      if try list().contains(number) {
        guard try readManifest(of: number) == manifest else { throw DeliveryError(.generationExists(number)) }
        return try reporting { () throws(SystemError) in try files.syncDirectory(at: generations) }
      }
      do throws(SystemError) {
        try files.removeTree(at: partial(number))
        try write(manifest, contents, to: partial(number))
        try files.rename(from: partial(number), to: directory(of: number))
        try files.syncDirectory(at: generations)
      } catch {
        var failure = DeliveryError(error)
        do throws(SystemError) {
          try files.removeTree(at: partial(number))
        } catch {
          // Harmless where it lies, since no reader takes it for a generation; the next staging removes it.
          failure.notRestored.append(error)
        }
        throw failure
      }
    }
  }

  /// What a set will look like on the disk, and the bytes of each item's files in the order of the manifest.
  private func plan(_ set: DeliverySet) -> (GenerationManifest, [[SecretBytes]]) {
    var items: [GenerationManifest.Item] = []
    var contents: [[SecretBytes]] = []
    for item in set.items {
      var stored = item.destination.description
      var outside: String?
      if case .outside(let path) = item.destination {
        outside = path.string
        stored = "\(GenerationManifest.copies)/\(items.count + 1)"
      }
      switch item {
      case .file(let file):
        items.append(
          GenerationManifest.Item(
            stored: stored, outside: outside, owner: file.owner, group: file.group,
            files: [describe("", file.mode, file.contents)]))
        contents.append([file.contents])
      case .folder(let folder):
        items.append(
          GenerationManifest.Item(
            folderMode: UInt32(folder.mode.rawValue), stored: stored, outside: outside, owner: folder.owner,
            group: folder.group, files: folder.members.map { describe($0.name, $0.mode, $0.contents) }))
        contents.append(folder.members.map(\.contents))
      }
    }
    return (GenerationManifest(items: items), contents)
  }

  private func describe(
    _ name: String, _ mode: FilePermissions, _ contents: SecretBytes
  ) -> GenerationManifest.File {
    GenerationManifest.File(
      name: name, mode: UInt32(mode.rawValue), size: contents.count, digest: hexadecimalDigest(of: contents))
  }

  private func checkOutside(_ item: GenerationManifest.Item) throws(DeliveryError) {
    guard let path = item.outside.map({ FilePath($0) }), let name = path.lastComponent else { return }
    if path.starts(with: root) {
      throw DeliveryError(
        .invalidItem(path: path.string, why: "an absolute path must not lie in the keystore's own folder"))
    }
    try reporting { () throws(SystemError) in
      let folder = try files.openFolder(at: path.removingLastComponent())
      try files.calls.checkWritable(folder: folder.itself)
      try OutsideReplacement.checkKind(at: folder.location(name), isFolder: item.isFolder, files: files)
    }
  }

  private func write(
    _ manifest: GenerationManifest, _ contents: [[SecretBytes]], to folder: FilePath
  ) throws(SystemError) {
    try files.makeDirectory(at: folder, mode: Self.folderMode)
    var parents: Set<FilePath> = []
    for (item, contents) in zip(manifest.items, contents) {
      let path = folder.pushing(FilePath(item.stored))
      let parent = path.removingLastComponent()
      try files.makeDirectories(at: parent, mode: Self.folderMode)
      parents.insert(parent)
      try files.write(item.isOutside ? item.asCopy : item, contents, at: FileLocation(path))
    }
    for parent in parents.subtracting([folder]) { try files.syncDirectory(at: parent) }
    let encoded: [UInt8]
    do {
      encoded = try manifest.encoded()
    } catch {
      throw SystemError(call: "encode", path: folder, errno: .invalidArgument, detail: "\(error)")
    }
    try files.createFile(
      at: folder.appending(GenerationManifest.name), mode: .ownerReadWrite, contents: SecretBytes(copying: encoded))
    try files.syncDirectory(at: folder)
  }

  static var folderMode: FilePermissions {
    [.ownerReadWriteExecute, .groupRead, .groupExecute, .otherRead, .otherExecute]
  }
}

extension GenerationManifest.Item {
  /// How the generation's own copy of an outside item looks: readable by nobody else.
  var asCopy: Self {
    var copy = self
    copy.outside = nil
    copy.owner = nil
    copy.group = nil
    copy.folderMode = folderMode.map { _ in 0o700 }
    for index in copy.files.indices { copy.files[index].mode = 0o600 }
    return copy
  }
}

extension HostFiles {
  /// Writes an item's files, and its folder where it is one, at a free place, durably and as it is to look there.
  func write(
    _ item: GenerationManifest.Item, _ contents: [SecretBytes], at location: FileLocation
  ) throws(SystemError) {
    guard let folderMode = item.folderMode else {
      for (file, bytes) in zip(item.files, contents) {
        try createFile(
          location, mode: FilePermissions(bits: file.mode), owner: item.owner, group: item.group, contents: bytes)
      }
      return
    }
    try makeDirectory(location, mode: .ownerReadWriteExecute)
    let folder = Folder(try calls.open(location, for: .folder), path: location.path)
    for (file, bytes) in zip(item.files, contents) {
      guard let name = FilePath.Component(file.name) else { continue }
      try createFile(
        folder.location(name), mode: FilePermissions(bits: file.mode), owner: item.owner, group: item.group,
        contents: bytes)
    }
    try settle(folder, mode: FilePermissions(bits: folderMode), owner: item.owner, group: item.group)
  }
}

extension FilePermissions {
  init(bits: UInt32) { self.init(rawValue: CModeT(bits & 0o7777)) }
}
