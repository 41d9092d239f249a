// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The schema of the ledger: what marks a file as one, and the steps that lead to the newest version.
///
/// A step is SQL that was released once and is never edited again; a change is a new step at the end of
/// ``versions``. `Documentation/ledger.md` holds the rules.
enum Schema {
  /// `PRAGMA application_id` of a ledger: the letters `crtd`, big endian.
  static let applicationID: Int32 = 0x6372_7464

  /// Every version in order; the first is version 1.
  static let versions: [SchemaVersion] = [.version1]

  static var newest: Int32 { Int32(versions.count) }

  /// Brings a ledger of any earlier version, or an empty file, to version `target`.
  ///
  /// Each step is one transaction that also sets `user_version`, so that a crash leaves a whole version.
  static func migrate(_ writer: some DatabaseWriter, to target: Int32 = newest) throws {
    var migrator = DatabaseMigrator()
    for (index, version) in versions.enumerated() {
      migrator.registerMigration("version-\(index + 1)") { database in
        for statement in version.statements {
          try database.execute(sql: statement)
        }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(index + 1)")
      }
    }
    try migrator.migrate(writer, upTo: "version-\(target)")
  }
}

/// One released step of the schema.
struct SchemaVersion: Sendable {
  let statements: [String]
}
