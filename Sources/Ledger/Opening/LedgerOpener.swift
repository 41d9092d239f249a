// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Host
import SystemPackage

/// The steps from a path to an open ledger.
struct LedgerOpener {
  let path: FilePath
  let sealing: SealingKeySource
  let options: LedgerOptions
  let schema: Schema
  private let files = LedgerFiles()

  init(path: FilePath, sealing: SealingKeySource, options: LedgerOptions, schema: Schema = .current) {
    self.path = path
    self.sealing = sealing
    self.options = options
    self.schema = schema
  }

  func openForReading() throws(LedgerError) -> LedgerOpening {
    guard try files.exists(path, of: path) else { throw .missing(ledger: path) }
    try files.checkReadable(path)
    let inspection = try inspect()
    switch inspection.condition {
    case .empty: throw .missing(ledger: path)
    case .damaged(let detail): throw .damaged(ledger: path, detail: detail)
    case .version(let found) where found < schema.newest:
      throw .olderSchema(ledger: path, found: found, known: schema.newest)
    case .version: break
    }
    let seal = try SealingKeyFitting(ledger: path, source: sealing).existingSeal(fitting: inspection.sealedCheck)
    let pool = try connected { try LedgerConnections.readOnlyPool(at: path, options: options) }
    return LedgerOpening(
      store: LedgerStore(path: path, isReadOnly: true, pool: pool, seal: seal), origin: .existing)
  }

  func openForWriting(now: Date) throws(LedgerError) -> LedgerOpening {
    // Before the lock file, which may have no folder to lie in.
    if !options.makesMissing, try !files.exists(path, of: path) { throw .missing(ledger: path) }
    // While the file may be made, migrated or renamed, a command and the daemon must not meet.
    do {
      return try ExclusiveSection.run(for: path) { try openAlone(now: now) }
    } catch let error as SystemError {
      throw LedgerError(system: error, ledger: path)
    } catch {
      throw LedgerError(error, ledger: path)
    }
  }

  private func openAlone(now: Date) throws(LedgerError) -> LedgerOpening {
    var origin = LedgerOpening.Origin.existing
    if try files.exists(path, of: path) {
      try files.checkReadable(path)
      try files.restrictMode(of: path)
    } else {
      // Left by a crash while a damaged file was set aside; SQLite would delete it.
      try files.setAsideCompanions(of: path, now: now)
      try files.create(path)
    }
    var inspection =
      try files.wasEmptied(path)
      ? LedgerInspection(condition: .damaged("it is empty, and its log is not"), sealedCheck: nil) : try inspect()
    switch inspection.condition {
    case .empty:
      guard options.makesMissing else { throw .missing(ledger: path) }
      origin = .created
    case .version(let found) where found < schema.newest:
      origin = .migrated(from: found, to: schema.newest)
    case .version: break
    case .damaged(let detail):
      guard options.setsAsideDamaged else { throw .damaged(ledger: path, detail: detail) }
      origin = .replaced(setAside: try files.setAside(path, now: now), detail: detail)
      try files.create(path)
      inspection = LedgerInspection(condition: .empty, sealedCheck: nil)
    }
    // Before anything is written, so that a wrong key changes nothing.
    let seal = try SealingKeyFitting(ledger: path, source: sealing).seal(fitting: inspection.sealedCheck)
    let pool = try connected { () throws in
      let pool = try LedgerConnections.pool(at: path, options: options)
      try schema.migrate(pool)
      return pool
    }
    if let seal, inspection.sealedCheck == nil { try storeCheck(of: seal, in: pool, now: now) }
    return LedgerOpening(
      store: LedgerStore(
        path: path, isReadOnly: false, pool: pool, seal: seal, checkpoint: options.checkpoint), origin: origin)
  }

  private func inspect() throws(LedgerError) -> LedgerInspection {
    try connected { try LedgerInspection.inspect(path, schema: schema, options: options) }
  }

  private func storeCheck(of seal: KeySeal, in pool: DatabasePool, now: Date) throws(LedgerError) {
    let check = try seal.makeCheck()
    try connected {
      try pool.write { database in
        try database.run(
          "INSERT INTO sealing_key (id, sealed_check, created_at) VALUES (1, ?, ?)", [Data(check), now.instant])
      }
    }
  }

  private func connected<Value>(_ body: () throws -> Value) throws(LedgerError) -> Value {
    do {
      return try body()
    } catch {
      throw LedgerError(error, ledger: path)
    }
  }
}
