// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// The generations of one keystore: complete, immutable sets of files, of which one is in force.
///
/// Below `root` lie `generations/000012`, one folder per generation, and `current`, a symbolic link to the one in force,
/// which is switched with one rename. A generation holds the items with relative paths at those paths, a copy of every
/// outside item in `.outside`, and `.manifest.json`, which says what belongs to it. Whoever opens `current` once and
/// reads through that folder gets the files of one generation.
///
/// Functions that change something exclude each other by a lock file, among processes too, and block the thread.
package struct GenerationStore: Sendable {
  /// The keystore's own folder, `STATE/keystores/NAME`.
  package let root: FilePath
  let files: HostFiles
  let digest: @Sendable (SecretBytes) -> [UInt8]

  /// Makes a store of the generations below `root`, which is made when the first one is staged.
  ///
  /// - Parameters:
  ///   - root: An absolute path.
  ///   - files: The file system, with its seam for failures.
  ///   - digest: A cryptographic digest, by which changed bytes are found; always the same for one root.
  package init(root: FilePath, files: HostFiles = HostFiles(), digest: @escaping @Sendable (SecretBytes) -> [UInt8]) {
    self.root = root
    self.files = files
    self.digest = digest
  }

  /// The folder of a generation, whether it exists or not.
  package func directory(of number: Int) -> FilePath { generations.appending(Self.name(of: number)) }

  /// The symbolic link to the generation in force, for those who open its files.
  package var currentLink: FilePath { root.appending(Self.currentName) }

  /// The number of the generation in force, or nil when there is none yet.
  package func current() throws(DeliveryError) -> Int? {
    guard let target = try currentTarget() else { return nil }
    guard let number = target.lastComponent.flatMap({ Self.number($0.string) }) else {
      throw DeliveryError(
        .manifestUnreadable(currentLink, why: "the link leads to “\(target)”, which is no generation"))
    }
    return number
  }

  /// The numbers of all complete generations, in ascending order.
  package func list() throws(DeliveryError) -> [Int] {
    try reporting { () throws(SystemError) in
      do throws(SystemError) {
        return try files.list(generations).compactMap(Self.number).sorted()
      } catch  where error.errno == .noSuchFileOrDirectory {
        return []
      }
    }
  }

  /// Removes old generations, and returns their numbers: all but the `keep` newest, the one in force, and the one
  /// before that.
  @discardableResult
  package func prune(keep: Int = 5, sparing spared: Int? = nil) throws(DeliveryError) -> [Int] {
    guard try !list().isEmpty else { return [] }
    return try locked { () throws(DeliveryError) in
      let numbers = try list()
      let current = try current()
      let before = numbers.last { $0 < current ?? 0 }
      let kept = Set(numbers.suffix(max(keep, 1)) + [current, before, spared].compactMap(\.self))
      let removed = numbers.filter { !kept.contains($0) }
      try remove(removed)
      return removed
    }
  }

  /// Removes a generation that was given up, if it exists; the one in force is never removed.
  package func discard(_ number: Int) throws(DeliveryError) {
    guard try list().contains(number) else { return }
    try locked { () throws(DeliveryError) in
      guard try current() != number, try list().contains(number) else { return }
      try remove([number])
    }
  }

  private func remove(_ numbers: [Int]) throws(DeliveryError) {
    guard !numbers.isEmpty else { return }
    try reporting { () throws(SystemError) in
      for number in numbers {
        // By its new name it is no generation any longer, however much of it is left when this is interrupted.
        try files.removeTree(at: partial(number))
        try files.rename(from: directory(of: number), to: partial(number))
        try files.removeTree(at: partial(number))
      }
      try files.syncDirectory(at: generations)
    }
  }

  /// Removes what staging and switching left behind when they were interrupted; generations are not touched.
  package func discardPartials() throws(DeliveryError) {
    guard try reporting({ () throws(SystemError) in try files.linkStatusIfPresent(of: generations) }) != nil else {
      return
    }
    try locked { () throws(DeliveryError) in
      try reporting { () throws(SystemError) in
        for name in try files.list(generations) where name.hasPrefix(".") && name.hasSuffix(Self.partialSuffix) {
          try files.removeTree(at: generations.appending(name))
        }
        try files.removeLeftovers(for: Self.currentName, in: files.openFolder(at: root))
      }
    }
  }

  var generations: FilePath { root.appending("generations") }
  static var currentName: FilePath.Component { "current" }

  /// Where a generation lies until it is complete.
  func partial(_ number: Int) -> FilePath {
    generations.appending(".\(Self.name(of: number))\(Self.partialSuffix)")
  }

  /// The text of the link to the generation in force, or nil where there is none.
  func currentTarget() throws(DeliveryError) -> FilePath? {
    try reporting { () throws(SystemError) in
      do throws(SystemError) {
        return try files.readLink(currentLink)
      } catch  where error.errno == .noSuchFileOrDirectory {
        return nil
      }
    }
  }

  /// Runs `body` while nobody else changes this store.
  func locked<Result>(_ body: () throws(DeliveryError) -> Result) throws(DeliveryError) -> Result {
    let lock: FileLock?
    do throws(SystemError) {
      lock = try FileLock.acquire(at: root.appending(".lock"), wait: true, calls: files.calls)
    } catch {
      throw DeliveryError(error)
    }
    let result = Swift.Result { () throws(DeliveryError) in try body() }
    _ = consume lock
    return try result.get()
  }

  /// Turns the error of a system call into one for the operator.
  func reporting<Result>(_ body: () throws(SystemError) -> Result) throws(DeliveryError) -> Result {
    do throws(SystemError) {
      return try body()
    } catch {
      throw DeliveryError(error)
    }
  }

  static func name(of number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  private static func number(_ name: String) -> Int? {
    guard let number = Int(name), number > 0, Self.name(of: number) == name else { return nil }
    return number
  }

  private static var partialSuffix: String { ".partial" }
}
