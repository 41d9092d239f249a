// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// One way in which the files in force differ from what was delivered.
package struct Damage: Sendable, Equatable {
  package enum Fault: Sendable, Equatable {
    case missing
    /// A folder stands where a file should, or the other way round.
    case otherKind
    case changedBytes
    case mode(is: FilePermissions, shouldBe: FilePermissions)
    case owner(is: UInt32, shouldBe: UInt32)
    case group(is: UInt32, shouldBe: UInt32)
    /// A file that was not delivered lies in a delivered folder.
    case unexpected
    /// Whether it is right cannot be found out.
    case unreachable(SystemError)
    /// `current` leads to another generation, or to none.
    case notInForce(current: Int?)
  }

  package let path: FilePath
  package let fault: Fault

  package init(path: FilePath, fault: Fault) {
    self.path = path
    self.fault = fault
  }
}

extension Damage: CustomStringConvertible {
  /// One sentence without a full stop.
  package var description: String { "\(path) \(fault)" }
}

extension Damage.Fault: CustomStringConvertible {
  /// What is wrong, to be put behind the path.
  package var description: String {
    switch self {
    case .missing: "is missing"
    case .otherKind: "is not the kind of file that was delivered"
    case .changedBytes: "has other contents than were delivered"
    case .mode(let found, let wanted): "has mode \(found.octal) instead of \(wanted.octal)\(found.excess(over: wanted))"
    case .owner(let found, let wanted): "belongs to user \(found) instead of \(wanted)"
    case .group(let found, let wanted): "belongs to group \(found) instead of \(wanted)"
    case .unexpected: "was not delivered"
    case .unreachable(let error): "cannot be checked: \(error)"
    case .notInForce(let current?): "leads to generation \(current)"
    case .notInForce(nil): "leads to no generation"
    }
  }
}

extension FilePermissions {
  fileprivate var octal: String { "0" + String(rawValue, radix: 8) }

  /// Who may do what by this mode and not by the wanted one, as an end for a sentence: a private key may have been read.
  fileprivate func excess(over wanted: FilePermissions) -> String {
    let excess = subtracting(wanted)
    let isOthers = !excess.isDisjoint(with: [.otherRead, .otherWrite])
    let acts = [
      excess.isDisjoint(with: [.groupRead, .otherRead]) ? nil : "read",
      excess.isDisjoint(with: [.groupWrite, .otherWrite]) ? nil : "change",
    ].compactMap(\.self)
    guard !acts.isEmpty else { return "" }
    return ", which lets \(isOthers ? "every account" : "its group") \(acts.joined(separator: " and ")) it"
  }
}

extension GenerationStore {
  /// Compares a generation with what lies on the disk: its own files, what lies outside, and `current`.
  ///
  /// The bytes of a file that this process may not read, because it was given to another user, count as right when
  /// their number is.
  package func damage(of number: Int) throws(DeliveryError) -> [Damage] {
    let manifest = try readManifest(of: number)
    var found = try ownDamage(of: number, manifest)
    for item in manifest.items {
      if let outside = item.outside { found += damage(of: item, at: FilePath(outside)) }
    }
    let current = try current()
    if current != number { found.append(Damage(path: currentLink, fault: .notInForce(current: current))) }
    return found
  }

  /// Compares a generation's own folder with what was staged there, the copies of outside items included.
  func ownDamage(of number: Int, _ manifest: GenerationManifest) throws(DeliveryError) -> [Damage] {
    let folder = directory(of: number)
    // Files have the group that new ones got when it was written, and so has the list itself.
    let group = try reporting { () throws(SystemError) in
      try files.linkStatus(of: folder.appending(GenerationManifest.name)).group
    }
    var found = folderDamage(of: number, manifest)
    for item in manifest.items {
      found += damage(
        of: item.isOutside ? item.asCopy : item, at: folder.pushing(FilePath(item.stored)), usualGroup: group)
    }
    return found
  }

  /// Who may enter and change the folders that hold the items; what else lies in them is nobody's to remove, such as the
  /// credentials that a tool puts beside a PSE.
  private func folderDamage(of number: Int, _ manifest: GenerationManifest) -> [Damage] {
    var folders: Set<FilePath> = [FilePath()]
    for item in manifest.items {
      var parent = FilePath(item.stored).removingLastComponent()
      while folders.insert(parent).inserted { parent = parent.removingLastComponent() }
    }
    return folders.map { directory(of: number).pushing($0) }.sorted { $0.string < $1.string }.flatMap { path in
      do throws(SystemError) {
        // What is missing is told with the items.
        guard let status = try files.linkStatusIfPresent(of: path) else { return [Damage]() }
        guard status.kind == .folder else { return [Damage(path: path, fault: .otherKind)] }
        return attributeDamage(UInt32(Self.folderMode.rawValue), owner: nil, group: nil, path, status)
      } catch {
        return [Damage(path: path, fault: .unreachable(error))]
      }
    }
  }

  /// How a generation differs from what was delivered, apart from what comes of putting another one in its place.
  ///
  /// Files outside are replaced one by one, so that a process that is killed meanwhile leaves some of either generation.
  ///
  /// - Parameters:
  ///   - number: the generation that is replaced.
  ///   - next: the one that takes its place, and is complete.
  /// - Returns: what neither explains, and where outside files of `next` lie in place of those of `number`.
  /// - Throws: `DeliveryError` when the list of what belongs to `number` cannot be read.
  package func damage(
    of number: Int, amid next: Int
  ) throws(DeliveryError) -> (unexplained: [Damage], replaced: [FilePath]) {
    let found = try damage(of: number)
    let items: [GenerationManifest.Item]
    do {
      items = try readManifest(of: next).items
    } catch {
      // What cannot be read explains nothing.
      return (found, [])
    }
    let replaced = items.compactMap { item -> FilePath? in
      guard let path = item.outside.map({ FilePath($0) }), found.contains(where: { $0.path.starts(with: path) }),
        damage(of: item, at: path).isEmpty
      else { return nil }
      return path
    }
    let unexplained = found.filter { damage in
      damage.fault != .notInForce(current: next) && !replaced.contains { damage.path.starts(with: $0) }
    }
    return (unexplained, replaced)
  }

  /// Compares one item with what lies at a path.
  ///
  /// A file that this process may not read counts as right when its size is, unless `countingUnreadable` is set.
  /// `usualGroup` is the one of files whose item has none; nil where that is not known.
  func damage(
    of item: GenerationManifest.Item, at path: FilePath, countingUnreadable: Bool = false, usualGroup: UInt32? = nil
  ) -> [Damage] {
    var item = item
    item.group = item.group ?? usualGroup
    var found: [Damage] = []
    do throws(SystemError) {
      guard let status = try files.linkStatusIfPresent(of: path) else { return [Damage(path: path, fault: .missing)] }
      guard let folderMode = item.folderMode else {
        guard let file = item.files.first else { return [] }
        return try damage(of: file, in: item, at: path, status, countingUnreadable)
      }
      guard status.kind == .folder else { return [Damage(path: path, fault: .otherKind)] }
      found += attributeDamage(folderMode, owner: item.owner, group: item.group, path, status)
      var unexpected = Set(try files.list(path))
      for file in item.files {
        let filePath = path.appending(file.name)
        guard unexpected.remove(file.name) != nil, let status = try files.linkStatusIfPresent(of: filePath) else {
          found.append(Damage(path: filePath, fault: .missing))
          continue
        }
        found += try damage(of: file, in: item, at: filePath, status, countingUnreadable)
      }
      return found + unexpected.sorted().map { Damage(path: path.appending($0), fault: .unexpected) }
    } catch {
      // A mode that is wrong may be why.
      return found + [Damage(path: path, fault: .unreachable(error))]
    }
  }

  private func damage(
    of file: GenerationManifest.File, in item: GenerationManifest.Item, at path: FilePath, _ status: FileStatus,
    _ countingUnreadable: Bool
  ) throws(SystemError) -> [Damage] {
    guard status.kind == .regular else { return [Damage(path: path, fault: .otherKind)] }
    var found = attributeDamage(file.mode, owner: item.owner, group: item.group, path, status)
    if status.size != file.size {
      found.append(Damage(path: path, fault: .changedBytes))
      return found
    }
    do throws(SystemError) {
      if hexadecimalDigest(of: try files.readSecretFile(path, limit: Self.sizeLimit)) != file.digest {
        found.append(Damage(path: path, fault: .changedBytes))
      }
    } catch  where error.errno == .permissionDenied {
      if countingUnreadable { found.append(Damage(path: path, fault: .unreachable(error))) }
    }
    return found
  }

  /// `owner` nil is the user of this process, as when the file was written; `group` nil is not compared.
  private func attributeDamage(
    _ mode: UInt32, owner: UInt32?, group: UInt32?, _ path: FilePath, _ status: FileStatus
  ) -> [Damage] {
    var found: [Damage] = []
    let wanted = FilePermissions(bits: mode)
    if status.mode != wanted { found.append(Damage(path: path, fault: .mode(is: status.mode, shouldBe: wanted))) }
    let owner = owner ?? Privileges.user
    if owner != status.owner { found.append(Damage(path: path, fault: .owner(is: status.owner, shouldBe: owner))) }
    if let group, group != status.group {
      found.append(Damage(path: path, fault: .group(is: status.group, shouldBe: group)))
    }
    return found
  }
}
