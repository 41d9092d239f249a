// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// How a key leaves the platform is no longer a sentence, and a login is known by its proof, too: of two proofs for one user
  /// the platform may refuse one and take the other.
  ///
  /// What was kept of logins does not say which proof it came of, and goes: each logs in once more.
  ///
  /// Never edit it: write the next version instead.
  static let version8 = SchemaVersion(statements: [
    "ALTER TABLE platform_key ADD COLUMN departure TEXT CHECK (departure IN ('asked', 'noticed'))",
    """
    UPDATE platform_key SET departure = 'asked', reason = NULL
    WHERE reason = 'certrotd has asked the platform to delete it'
    """,
    """
    UPDATE platform_key SET departure = 'noticed', reason = NULL
    WHERE reason = 'somebody deleted it while it was in force'
    """,
    "DROP TABLE login",
    """
    CREATE TABLE login (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      endpoint TEXT NOT NULL,
      principal TEXT NOT NULL,
      proof BLOB NOT NULL CHECK (length(proof) = 32),
      sealed_refresh_token BLOB,
      sealed_under INTEGER REFERENCES sealing_key (id),
      refused_at INTEGER,
      refused_words TEXT,
      changed_at INTEGER NOT NULL,
      UNIQUE (endpoint, principal, proof),
      CHECK ((sealed_refresh_token IS NULL) = (sealed_under IS NULL)),
      CHECK ((refused_at IS NULL) = (refused_words IS NULL))
    ) STRICT
    """,
  ])
}
