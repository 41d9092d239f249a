// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import SystemPackage

/// What a first look at a file found, before anything is written to it.
struct LedgerInspection: Equatable {
  enum Condition: Equatable {
    /// A file without any table, such as a new one.
    case empty
    case version(Int)
    case damaged(String)
  }

  var condition: Condition
  /// The sealed value that only the right key opens; nil when nothing was ever sealed.
  var sealedCheck: Data?

  /// Looks at the file through a connection that cannot write.
  ///
  /// Only when an interrupted first transaction has to be taken back first does it use one that can.
  static func inspect(_ path: FilePath, schema: Schema, options: LedgerOptions) throws -> LedgerInspection {
    do {
      return try inspect(path, schema: schema, options: options, readOnly: true)
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
      return try inspect(path, schema: schema, options: options, readOnly: false)
    }
  }

  private static func inspect(
    _ path: FilePath, schema: Schema, options: LedgerOptions, readOnly: Bool
  ) throws -> LedgerInspection {
    do {
      let queue = try LedgerConnections.inspector(at: path, options: options, readOnly: readOnly)
      let inspection = try queue.read { try look(at: $0, path: path, schema: schema, options: options) }
      try queue.close()
      return inspection
    } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
      return LedgerInspection(condition: .damaged(error.message ?? "it does not read"), sealedCheck: nil)
    }
  }

  private static func look(
    at database: Database, path: FilePath, schema: Schema, options: LedgerOptions
  ) throws -> LedgerInspection {
    let applicationID = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    let objects = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    if applicationID == 0 && version == 0 && objects == 0 {
      return LedgerInspection(condition: .empty, sealedCheck: nil)
    }
    guard applicationID == Schema.applicationID else {
      throw LedgerError.notALedger(ledger: path, applicationID: Int(applicationID))
    }
    guard version <= schema.newest else {
      throw LedgerError.newerSchema(ledger: path, found: version, known: schema.newest)
    }
    guard version > 0 else {
      return LedgerInspection(condition: .damaged("it has schema version \(version)"), sealedCheck: nil)
    }
    if options.checksIntegrity, let fault = try faults(of: database) {
      return LedgerInspection(condition: .damaged(fault), sealedCheck: nil)
    }
    return LedgerInspection(
      condition: .version(version),
      sealedCheck: try Data.fetchOne(database, sql: "SELECT sealed_check FROM sealing_key WHERE id = 1"))
  }

  /// What `PRAGMA quick_check` finds: broken pages, wrong types, violated constraints.
  private static func faults(of database: Database) throws -> String? {
    let lines = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
    return lines == ["ok"] ? nil : lines.joined(separator: "; ")
  }
}
