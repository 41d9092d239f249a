// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import SystemPackage

/// The file of a ledger and those that SQLite puts beside it.
struct LedgerFiles {
  private let files = HostFiles()

  func exists(_ file: FilePath, of ledger: FilePath) throws(LedgerError) -> Bool {
    try calling(ledger) { () throws(SystemError) in try files.linkStatusIfPresent(of: file) != nil }
  }

  /// Whether the main file was emptied while its log still holds something: SQLite would take that for a new database
  /// and delete the log.
  func wasEmptied(_ ledger: FilePath) throws(LedgerError) -> Bool {
    try calling(ledger) { () throws(SystemError) in
      guard try files.linkStatusIfPresent(of: ledger)?.size == 0 else { return false }
      for file in Self.companions(of: ledger) {
        if let status = try files.linkStatusIfPresent(of: file), status.size > 0 { return true }
      }
      return false
    }
  }

  /// Finds out why a file cannot be opened, which SQLite does not tell.
  func checkReadable(_ ledger: FilePath) throws(LedgerError) {
    try calling(ledger) { () throws(SystemError) in
      _ = try files.calls.open(FileLocation(ledger), for: .reading)
    }
  }

  /// Makes an empty file for the account that the folder belongs to; SQLite takes an empty file for an empty database.
  func create(_ ledger: FilePath) throws(LedgerError) {
    try calling(ledger) { () throws(SystemError) in
      let heir = try FolderOwner(of: ledger)
      try files.createFile(
        at: ledger, mode: .ownerReadWrite, owner: heir.owner, group: heir.group, contents: SecretBytes(copying: []))
      try files.syncDirectory(at: FolderOwner.folder(of: ledger))
    }
  }

  /// Takes from group and others what somebody gave them by hand, or by restoring a backup.
  func restrictMode(of ledger: FilePath) throws(LedgerError) {
    try calling(ledger) { () throws(SystemError) in
      for file in [ledger] + Self.companions(of: ledger) {
        guard let status = try files.linkStatusIfPresent(of: file), status.kind == .regular,
          status.mode.rawValue & 0o077 != 0
        else { continue }
        let descriptor = try files.calls.open(FileLocation(file), for: .reading)
        try files.calls.setPermissions(descriptor, .ownerReadWrite, path: file)
      }
    }
  }

  /// Renames a ledger with all that belongs to it; nothing is deleted.
  ///
  /// The main file goes first: if a crash intervenes, the others are found without it and follow at the next start.
  ///
  /// - Returns: the new name of the main file.
  func setAside(_ ledger: FilePath, now: Date) throws(LedgerError) -> FilePath {
    let target = try freeName(for: ledger, now: now)
    try calling(ledger) { () throws(SystemError) in
      try files.rename(from: ledger, to: target)
      for (companion, newName) in zip(Self.companions(of: ledger), Self.companions(of: target))
      where try files.linkStatusIfPresent(of: companion) != nil {
        try files.rename(from: companion, to: newName)
      }
      try files.syncDirectory(at: FolderOwner.folder(of: ledger))
    }
    return target
  }

  /// Renames what lies beside a main file that is not there.
  func setAsideCompanions(of ledger: FilePath, now: Date) throws(LedgerError) {
    let target = try freeName(for: ledger, now: now)
    try calling(ledger) { () throws(SystemError) in
      for (companion, newName) in zip(Self.companions(of: ledger), Self.companions(of: target)) {
        guard let status = try files.linkStatusIfPresent(of: companion) else { continue }
        if status.size == 0 {
          try files.removeTree(at: companion)
        } else {
          try files.rename(from: companion, to: newName)
        }
      }
    }
  }

  private func freeName(for ledger: FilePath, now: Date) throws(LedgerError) -> FilePath {
    let stamp = now.formatted(Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted))
    var candidate = FilePath("\(ledger).damaged-\(stamp)")
    var count = 1
    while try exists(candidate, of: ledger) {
      count += 1
      candidate = FilePath("\(ledger).damaged-\(stamp)-\(count)")
    }
    return candidate
  }

  private func calling<Value>(
    _ ledger: FilePath, _ body: () throws(SystemError) -> Value
  ) throws(LedgerError) -> Value {
    do throws(SystemError) {
      return try body()
    } catch {
      throw LedgerError(system: error, ledger: ledger)
    }
  }

  private static func companions(of ledger: FilePath) -> [FilePath] {
    ["-wal", "-shm", "-journal"].map { FilePath("\(ledger)\($0)") }
  }
}
