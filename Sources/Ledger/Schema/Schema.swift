// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The schema of the ledger: what marks a file as one, and the steps that lead to the newest version.
///
/// `Documentation/ledger.md` holds the rules.
struct Schema: Sendable {
  /// Every version in order; the first is version 1.
  ///
  /// A version that was released is never edited again; a change is a new one at the end.
  let versions: [SchemaVersion]

  var newest: Int { versions.count }

  /// Brings a ledger of any earlier version, or an empty file, to version `target`, or to the newest.
  ///
  /// Each step is one transaction that also sets `user_version`, so that a crash leaves a whole version.
  func migrate(_ writer: some DatabaseWriter, to target: Int? = nil) throws {
    var migrator = DatabaseMigrator()
    for (index, version) in versions.enumerated() {
      migrator.registerMigration("version-\(index + 1)") { database in
        for statement in version.statements {
          try database.execute(sql: statement)
        }
        try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(index + 1)")
      }
    }
    try migrator.migrate(writer, upTo: "version-\(target ?? newest)")
  }

  /// What this certrotd reads and writes.
  static let current = Schema(versions: [
    .version1, .version2, .version3, .version4, .version5, .version6, .version7, .version8,
    .version9,
  ])

  /// `PRAGMA application_id` of a ledger: the letters `crtd`, big endian.
  static let applicationID: Int32 = 0x6372_7464
}

/// One released step of the schema.
struct SchemaVersion: Sendable {
  let statements: [String]
}
