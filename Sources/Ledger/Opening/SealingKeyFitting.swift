// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import SystemPackage

/// Finds the key of a ledger and proves that it is the one that it was sealed with.
struct SealingKeyFitting {
  let ledger: FilePath
  let source: SealingKeySource

  /// The key for a process that writes; a key file is made only for a ledger that has never sealed anything.
  func seal(fitting sealedCheck: Data?) throws(LedgerError) -> KeySeal? {
    if case .file(let path) = source, sealedCheck == nil {
      return KeySeal(key: try SealingKeyFile.loadOrCreate(at: path), origin: source.origin)
    }
    return try existingSeal(fitting: sealedCheck)
  }

  /// The key for a process that makes none.
  func existingSeal(fitting sealedCheck: Data?) throws(LedgerError) -> KeySeal? {
    let seal: KeySeal
    switch source {
    case .none: return nil
    case .file(let path):
      try requirePresence(of: path)
      seal = KeySeal(key: try SealingKeyFile.load(at: path), origin: source.origin)
    case .credential(let path):
      try requirePresence(of: path)
      seal = KeySeal(key: try SealingKeyFile.load(credential: path), origin: source.origin)
    }
    if let sealedCheck, !seal.opensCheck(Array(sealedCheck)) {
      throw .sealingKeyWrong(ledger: ledger, origin: source.origin)
    }
    return seal
  }

  private func requirePresence(of path: FilePath) throws(LedgerError) {
    do throws(SystemError) {
      if try HostFiles().linkStatusIfPresent(of: path) != nil { return }
    } catch {
      throw .sealingKeyUnusable(origin: source.origin, detail: "\(error)")
    }
    throw .sealingKeyMissing(ledger: ledger, origin: source.origin)
  }
}
