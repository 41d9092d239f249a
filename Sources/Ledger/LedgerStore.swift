// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SystemPackage

/// The ledger: what certrotd saw, did, intends and knows, in one SQLite file that survives crashes.
///
/// Every method is one transaction. A write has reached the disk when its method returns, and is finished even when
/// the calling task is cancelled meanwhile, so that no outcome is lost while the daemon shuts down.
/// All methods throw ``LedgerError``. Times are stored as whole milliseconds, UTC.
package final class LedgerStore: Sendable {
  /// Where the file lies.
  package let path: FilePath
  /// Whether it was opened for reading only.
  package let isReadOnly: Bool
  let pool: DatabasePool
  let seal: KeySeal?
  private let checkpoint: (any LedgerCheckpoint)?

  init(
    path: FilePath, isReadOnly: Bool, pool: DatabasePool, seal: KeySeal?, checkpoint: (any LedgerCheckpoint)? = nil
  ) {
    self.path = path
    self.isReadOnly = isReadOnly
    self.pool = pool
    self.seal = seal
    self.checkpoint = checkpoint
  }

  /// Writes what is pending into the main file and closes it; every later call fails.
  package func close() throws(LedgerError) {
    do {
      if !isReadOnly { try emptyLog() }
      try pool.close()
    } catch {
      throw LedgerError(error, ledger: path)
    }
  }

  /// Moves all of the log into the main file, so that nothing is lost with a log that somebody takes for rubbish.
  private func emptyLog() throws {
    do {
      try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
      // Somebody reads: the log stays, and is as good.
    }
  }

  /// A number that changes when another process, or another `LedgerStore`, has written to the ledger.
  ///
  /// Own writes leave it as it is (`PRAGMA data_version`, asked on the connection that writes).
  package func changeCounter() async throws(LedgerError) -> Int {
    let result = await withCheckedContinuation { continuation in
      pool.asyncWriteWithoutTransaction { database in
        continuation.resume(
          returning: Result { try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0 })
      }
    }
    return try get(result)
  }

  /// A random number that was drawn when the ledger was made: it seeds every jitter of this installation.
  package func installationSeed() async throws(LedgerError) -> UInt64 {
    try await read { database in
      UInt64(bitPattern: try database.value(Int64.self, "SELECT seed FROM installation") ?? 0)
    }
  }

  /// Puts a number in place of the one that was drawn, so that what follows can be repeated.
  package func setInstallationSeed(_ seed: UInt64) async throws(LedgerError) {
    try await write { database in
      try database.execute(sql: "UPDATE installation SET seed = ?", arguments: [Int64(bitPattern: seed)])
    }
  }

  /// Runs `body` in one transaction that is on disk when this returns.
  ///
  /// The callback form of GRDB is used because its `async` form gives up when the task is cancelled. `file` and
  /// `function` name the write at a ``LedgerCheckpoint``.
  func write<Value: Sendable>(
    file: StaticString = #fileID, function: StaticString = #function,
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(LedgerError) -> Value {
    let pass: @Sendable (LedgerPoint.Moment) throws(LedgerError) -> Void = { [checkpoint] moment throws(LedgerError) in
      guard let checkpoint else { return }
      let name = "\(file)".split(separator: "/").last ?? ""
      try checkpoint.pass(LedgerPoint(write: "\(name) \(function)", moment: moment))
    }
    try pass(.before)
    let result = await withCheckedContinuation { continuation in
      pool.asyncWrite { database in
        let value = try body(database)
        try pass(.uncommitted)
        return value
      } completion: { _, result in
        continuation.resume(returning: result)
      }
    }
    let value = try get(result)
    try pass(.committed)
    return value
  }

  /// Runs `body` on one unchanging state of the ledger.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(LedgerError) -> Value {
    let result = await withCheckedContinuation { continuation in
      pool.asyncRead { database in
        continuation.resume(returning: Result { try body(database.get()) })
      }
    }
    return try get(result)
  }

  private func get<Value>(_ result: Result<Value, any Error>) throws(LedgerError) -> Value {
    do {
      return try result.get()
    } catch {
      throw LedgerError(error, ledger: path)
    }
  }
}
