// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// Every statement of the ledger goes through these, so that each connection prepares it once and keeps it.
extension Database {
  func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  func all<Record: FetchableRecord>(
    _ type: Record.Type, _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> [Record] {
    try Record.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }

  func one<Record: FetchableRecord>(
    _ type: Record.Type, _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> Record? {
    try Record.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  func values<Value: DatabaseValueConvertible>(
    _ type: Value.Type, _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> [Value] {
    try Value.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }

  func value<Value: DatabaseValueConvertible>(
    _ type: Value.Type, _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> Value? {
    try Value.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }
}

/// A row as SQLite returns it: decoded by column name, and an error rather than a trap when a value does not fit.
protocol LedgerRecord: FetchableRecord, Decodable {}

extension LedgerRecord {
  static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }
}
