// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// Keystores that started from a PSE of others.
  ///
  /// Never edit it: write the next version instead.
  static let version2 = SchemaVersion(
    statements: [
      """
      CREATE TABLE adoption (
        keystore INTEGER PRIMARY KEY REFERENCES keystore (subject),
        path TEXT NOT NULL CHECK (length(path) > 0),
        identity INTEGER REFERENCES identity (id) ON DELETE SET NULL,
        trust INTEGER REFERENCES certificate_list (id),
        adopted_at INTEGER NOT NULL
      ) STRICT
      """,
      "CREATE INDEX adoption_identity ON adoption (identity) WHERE identity IS NOT NULL",
      "CREATE INDEX adoption_trust ON adoption (trust) WHERE trust IS NOT NULL",
    ])
}
