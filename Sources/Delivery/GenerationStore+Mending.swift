// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

extension GenerationStore {
  /// Makes the own files of a generation that is no longer in force look again as they were staged, as far as that takes no
  /// other bytes: its private key may be the one of the generation in force.
  ///
  /// - Returns: what was wrong and is right now.
  /// - Throws: `damaged` for files that are not those that were staged, `notMended` where what is wrong stays.
  package func mend(_ number: Int) throws(DeliveryError) -> [Damage] {
    try locked { () throws(DeliveryError) in try mend(number, try readManifest(of: number)) }
  }

  /// Makes a generation's own files look again as they were staged, as far as that takes no other bytes.
  ///
  /// Mode, owner and group are set through the open file, and what somebody put into a delivered folder is removed. Bytes
  /// are never written: whoever reads meanwhile finds what he would have found.
  ///
  /// - Returns: what was wrong and is right now.
  /// - Throws: `damaged` for files that are not those that were staged, `notMended` where what is wrong stays.
  func mend(_ number: Int, _ manifest: GenerationManifest) throws(DeliveryError) -> [Damage] {
    let found = try ownDamage(of: number, manifest)
    guard !found.isEmpty else { return [] }
    var failures: [FilePath: SystemError] = [:]
    // Folders come before what is in them, which may be out of reach until they are right.
    for path in Set(found.map(\.path)).sorted(by: { $0.string < $1.string }) {
      do throws(SystemError) {
        try mend(found.filter { $0.path == path }.map(\.fault), at: path, of: number, manifest)
      } catch {
        failures[path] = error
      }
    }
    let left = try ownDamage(of: number, manifest)
    // Other bytes explain more than the mode of the file that has them.
    guard let damage = left.first(where: { !$0.fault.isMendable }) ?? left.first else {
      return found.filter(\.fault.isMendable)
    }
    if damage.fault.isMendable { throw DeliveryError(.notMended(damage, failures[damage.path])) }
    if case .unreachable(let error) = damage.fault, !Self.isAbsence(error.errno) { throw DeliveryError(error) }
    throw DeliveryError(.damaged(damage.path))
  }

  private func mend(
    _ faults: [Damage.Fault], at path: FilePath, of number: Int, _ manifest: GenerationManifest
  ) throws(SystemError) {
    guard let name = path.lastComponent else { return }
    let folder = try files.openFolder(at: path.removingLastComponent())
    let location = folder.location(name)
    if faults.contains(.unexpected) {
      try files.removeTree(location)
      return try files.calls.synchronize(folder.descriptor, path: folder.path)
    }
    guard let status = try files.statusIfPresent(location) else { return }
    var wanted = FileOwnership(mode: status.mode)
    var isWrong = false
    for fault in faults {
      switch fault {
      case .mode(_, let mode): wanted.mode = mode
      case .owner(_, let owner): wanted.owner = owner
      case .group(_, let group): wanted.group = group
      case .missing, .otherKind, .changedBytes, .unexpected, .unreachable, .notInForce: continue
      }
      isWrong = true
    }
    guard isWrong else { return }
    let digest = manifest.digest(at: path, below: directory(of: number))
    try files.setAttributes(
      location, isFolder: status.kind == .folder, mode: wanted.mode, owner: wanted.owner, group: wanted.group
    ) { hexadecimalDigest(of: $0) == digest }
  }
}

extension Damage.Fault {
  /// Whether it can be set right without writing any bytes.
  fileprivate var isMendable: Bool {
    switch self {
    case .mode, .owner, .group, .unexpected: true
    case .missing, .otherKind, .changedBytes, .unreachable, .notInForce: false
    }
  }
}

extension GenerationManifest {
  /// The digest of the file that was staged at a path; nil for a folder, and for what was not staged.
  fileprivate func digest(at path: FilePath, below folder: FilePath) -> String? {
    for item in items {
      let stored = folder.pushing(FilePath(item.stored))
      for file in item.files where path == (item.isFolder ? stored.appending(file.name) : stored) { return file.digest }
    }
    return nil
  }
}
