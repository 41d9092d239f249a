// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// What putting a generation in force did.
package struct Activation: Sendable {
  /// The outside paths that were replaced; those that were right already are left alone.
  package var replaced: [FilePath] = []
  /// Whether `current` was switched.
  package var switched = false
  /// What was wrong with the generation's own files and is put right: mode, owner, group, or a file that was not delivered.
  package var mended: [Damage] = []
  /// Old files that could not be removed; the next `activate` tries again.
  package var leftBehind: [SystemError] = []
}

extension GenerationStore {
  /// Puts a complete generation in force: the outside items first, then `current`; also the way back to an older one.
  ///
  /// Everything that may fail for want of room or permission happens before the first consumer could see a new file. On an
  /// error the old set is in force again; after a crash in the middle, or whenever something was damaged
  /// since, the same call makes everything right. What is right already is not touched.
  @discardableResult
  package func activate(_ number: Int) throws(DeliveryError) -> Activation {
    guard try list().contains(number) else { throw DeliveryError(.noSuchGeneration(number)) }
    return try locked { () throws(DeliveryError) in
      let manifest = try readManifest(of: number)
      var activation = Activation()
      // What is not as it was judged must not be put in force.
      activation.mended = try mend(number, manifest)
      var contents: [[SecretBytes]] = []
      for item in manifest.items { contents.append(item.isOutside ? try verifiedContents(of: item, in: number) : []) }
      let target = FilePath("generations").appending(Self.name(of: number))
      let before = try currentTarget()
      var replacements: [OutsideReplacement] = []
      do throws(SystemError) {
        for (item, contents) in zip(manifest.items, contents) {
          guard let path = item.outside.map({ FilePath($0) }) else { continue }
          // Of an old file that cannot be read, nobody knows that it is this generation's.
          if damage(of: item, at: path, countingUnreadable: true).isEmpty {
            activation.leftBehind += try OutsideReplacement.removeLeftovers(of: path, files: files)
          } else {
            replacements.append(try .prepare(item, contents, at: path, files: files))
          }
        }
        for replacement in replacements { try replacement.place() }
        for replacement in replacements { try replacement.synchronize() }
        if before != target {
          activation.switched = true
          try switchCurrent(to: target)
        }
      } catch {
        var failure = DeliveryError(error)
        failure.notRestored = restore(before, replacements, switched: activation.switched)
        throw failure
      }
      activation.replaced = replacements.map(\.path)
      activation.leftBehind += replacements.compactMap { $0.finish() }
      return activation
    }
  }

  /// Points `current` to `target` in one step.
  private func switchCurrent(to target: FilePath) throws(SystemError) {
    let folder = try files.openFolder(at: root)
    try files.removeLeftovers(for: Self.currentName, in: folder)
    let temporary = folder.location(HostFiles.temporaryName(for: Self.currentName))
    try files.calls.makeSymbolicLink(temporary, to: target)
    try files.calls.rename(temporary, to: folder.location(Self.currentName))
    try files.calls.synchronize(folder.descriptor, path: folder.path)
  }

  /// Puts back what was in force, and returns what kept that from working.
  private func restore(
    _ target: FilePath?, _ replacements: [OutsideReplacement], switched: Bool
  ) -> [SystemError] {
    var failures = replacements.reversed().compactMap { $0.takeBack() }
    guard switched else { return failures }
    do throws(SystemError) {
      if let target {
        try switchCurrent(to: target)
      } else {
        try files.removeTree(at: currentLink)
        try files.removeLeftovers(for: Self.currentName, in: files.openFolder(at: root))
        try files.syncDirectory(at: root)
      }
    } catch {
      failures.append(error)
    }
    return failures
  }
}
