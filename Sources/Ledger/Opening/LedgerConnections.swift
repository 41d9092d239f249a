// SPDX-License-Identifier: Apache-2.0

import GRDB
import SystemPackage

/// How connections to the ledger are set up.
enum LedgerConnections {
  static func pool(at path: FilePath, options: LedgerOptions) throws -> DatabasePool {
    let pool = try DatabasePool(path: path.string, configuration: configuration(options))
    // After GRDB, which chooses NORMAL: that would lose the last commits when the power fails, and with them the
    // knowledge of a key or a generation. FULL costs one fsync of the log per transaction.
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return pool
  }

  static func readOnlyPool(at path: FilePath, options: LedgerOptions) throws -> DatabasePool {
    var configuration = configuration(options)
    configuration.readonly = true
    return try DatabasePool(path: path.string, configuration: configuration)
  }

  /// One connection for a first look, which changes nothing when `readOnly`.
  static func inspector(at path: FilePath, options: LedgerOptions, readOnly: Bool) throws -> DatabaseQueue {
    var configuration = configuration(options)
    configuration.readonly = readOnly
    return try DatabaseQueue(path: path.string, configuration: configuration)
  }

  private static func configuration(_ options: LedgerOptions) -> Configuration {
    var configuration = Configuration()
    configuration.label = "ledger"
    configuration.foreignKeysEnabled = true
    configuration.maximumReaderCount = 2
    configuration.busyMode = .timeout(Double(options.busyTimeout.wholeMilliseconds) / 1000)
    configuration.prepareDatabase { database in
      let isReader = database.configuration.readonly
      // GRDB gives readers of a pool a timeout of its own.
      try database.execute(sql: "PRAGMA busy_timeout = \(options.busyTimeout.wholeMilliseconds)")
      // Damage is noticed before it is followed. (`trusted_schema = OFF` is not used: SQLite 3.40 then refuses the
      // JSON functions that the constraints call.)
      try database.execute(sql: "PRAGMA cell_size_check = ON")
      // The sandbox of the daemon has few places for temporary files, and none of the sorts is large.
      try database.execute(sql: "PRAGMA temp_store = MEMORY")
      // Negative numbers are KiB. Few pages are hot; the kernel caches the rest.
      try database.execute(sql: "PRAGMA cache_size = \(isReader ? -512 : -1024)")
      if isReader { return }
      // Sealed keys that are forgotten are overwritten in the file.
      try database.execute(sql: "PRAGMA secure_delete = ON")
      try database.execute(sql: "PRAGMA journal_size_limit = \(8 << 20)")
      let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
      try database.execute(sql: "PRAGMA max_page_count = \(max(1, options.sizeLimit / pageSize))")
    }
    return configuration
  }
}
