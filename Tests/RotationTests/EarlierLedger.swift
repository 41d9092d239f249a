// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Host
import SystemPackage
import Testing

@testable import Ledger

/// A ledger as an earlier version of the schema holds it.
enum EarlierLedger {
  /// Writes the ledger at `path`, which nobody has open, anew as `version` holds it.
  ///
  /// Every row comes along that the version has a table for, with the columns that it has.
  static func rewrite(_ path: FilePath, as version: Int) throws {
    let earlier = path.removingLastComponent().appending("earlier.sqlite3")
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: earlier.string, configuration: configuration)
    try Schema.current.migrate(queue, to: version)
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS newer", arguments: [path.string])
      let (old, new) = (try columns("main", database), try columns("newer", database))
      try database.inTransaction {
        for (table, names) in old {
          let common = names.filter { new[table, default: []].contains($0) }.map { "\"\($0)\"" }.joined(separator: ", ")
          try database.execute(sql: "DELETE FROM main.\"\(table)\"")
          guard !common.isEmpty else { continue }
          try database.execute(
            sql: "INSERT INTO main.\"\(table)\" (\(common)) SELECT \(common) FROM newer.\"\(table)\"")
        }
        return .commit
      }
      try database.execute(sql: "DETACH DATABASE newer")
    }
    try queue.close()
    let bytes = try HostFiles().readFile(earlier, limit: 1 << 30)
    // The last byte of `user_version` in the header of the file (sqlite.org/fileformat2.html).
    #expect(bytes[63] == UInt8(version))
    for suffix in ["", "-wal", "-shm"] { try HostFiles().removeTree(at: FilePath(path.string + suffix)) }
    try HostFiles().removeTree(at: earlier)
    try HostFiles().replaceFile(at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: bytes))
  }

  /// The columns of each table that rows are kept in.
  private static func columns(_ schema: String, _ database: Database) throws -> [String: [String]] {
    let tables = try String.fetchAll(
      database,
      sql: """
        SELECT name FROM \(schema).sqlite_schema
        WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'grdb_migrations'
        """)
    return try Dictionary(
      uniqueKeysWithValues: tables.map { table in
        let names = try String.fetchAll(
          database, sql: "SELECT name FROM pragma_table_info(?, ?)", arguments: [table, schema])
        return (table, names)
      })
  }
}
