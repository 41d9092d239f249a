// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Host
package import Logging
import OpenSSLBridge
package import SystemPackage

/// Where files lie that other programs are given for a moment and that shall never reach a disk.
package struct ScratchFolder: Sendable {
  /// The service's own folder; nil outside a service.
  package let runtime: FilePath?
  private let memory: [FilePath]
  private let files: HostFiles
  private let isInMemory: @Sendable (FilePath) throws(SystemError) -> Bool

  /// - Parameter environment: of the process. `RUNTIME_DIRECTORY` is that of a service (systemd.exec(5)), which is in
  ///   memory and its own; `XDG_RUNTIME_DIR` that of a login.
  package init(environment: [String: String]) {
    // The unit has one such folder; several would be separated by colons.
    let runtime = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first.map { FilePath(String($0)) }
    let login = environment["XDG_RUNTIME_DIR"].map { FilePath($0) }
    self.init(runtime: runtime, memory: [login, "/dev/shm"].compactMap(\.self)) { path throws(SystemError) in
      try HostFiles.isInMemory(path)
    }
  }

  init(
    runtime: FilePath?, memory: [FilePath], files: HostFiles = HostFiles(),
    isInMemory: @escaping @Sendable (FilePath) throws(SystemError) -> Bool
  ) {
    self.runtime = runtime.flatMap { $0.isAbsolute ? $0 : nil }
    self.memory = memory.filter(\.isAbsolute)
    self.files = files
    self.isInMemory = isInMemory
  }

  /// The service's own folder; without one a folder with mode 0700 on a file system in memory, one for each state folder.
  ///
  /// - Parameters:
  ///   - root: the state folder, absolute.
  ///   - logger: is told why a place is not used.
  /// - Returns: nil where there is no memory to be had, so that only the state folder is left.
  package func make(for root: FilePath, logger: Logger) -> FilePath? {
    if let runtime { return runtime }
    // Of the same daemon after a crash, so that it finds what it left behind.
    let digest = Digest.sha256(Array(root.string.utf8)).prefix(6).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    for parent in memory {
      let folder = parent.appending("\(Self.namePrefix)\(digest)")
      do {
        guard try isInMemory(parent) else { continue }
        if try files.linkStatusIfPresent(of: folder) == nil {
          try files.makeDirectory(at: folder, mode: .ownerReadWriteExecute)
        }
        let status = try files.linkStatus(of: folder)
        // Anybody may have made something of that name in a folder that is open to all.
        guard status.kind == .folder, status.owner == geteuid(), status.mode == .ownerReadWriteExecute else {
          logger.warning("\(folder) is not used: it is no folder that only certrotd's account may enter; remove it")
          continue
        }
        return folder
      } catch {
        logger.debug("\(parent) is not used for files that pass through memory: \(error)")
      }
    }
    return nil
  }

  /// Removes a folder that ``make(for:logger:)`` made, once no daemon runs on the state any more and nothing is in it.
  ///
  /// What is in it was left by a crash, and is for the next start of the same daemon to find.
  ///
  /// - Parameters:
  ///   - layout: its `scratch` is the folder; one that systemd made is systemd's to remove.
  ///   - files: how files are removed.
  ///   - logger: is told why that does not work.
  package static func discard(_ layout: StateLayout, files: HostFiles = HostFiles(), logger: Logger) {
    guard layout.scratch.lastComponent?.string.hasPrefix(namePrefix) == true else { return }
    do {
      guard try files.linkStatusIfPresent(of: layout.root) != nil else {
        return try removeIfEmpty(layout.scratch, files)
      }
      guard let lock = try FileLock.acquire(onFolder: layout.root, within: .zero, files: files) else { return }
      defer { withExtendedLifetime(lock) {} }
      try removeIfEmpty(layout.scratch, files)
    } catch {
      logger.debug("\(layout.scratch) is left behind: \(error)")
    }
  }

  private static func removeIfEmpty(_ folder: FilePath, _ files: HostFiles) throws(SystemError) {
    guard try files.list(folder).isEmpty else { return }
    try files.removeTree(at: folder)
  }

  private static var namePrefix: String { "certrotd-\(geteuid())-" }
}
