// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// Keys that are made on the platform: rotations in flight, what is known of each key, logins.
  ///
  /// Never edit it: write the next version instead.
  static let version4 = SchemaVersion(statements: [
    """
    CREATE TABLE rotation (
      subject INTEGER PRIMARY KEY REFERENCES subject (id),
      phase TEXT NOT NULL CHECK (length(phase) BETWEEN 1 AND 64),
      state TEXT NOT NULL CHECK (json_valid(state)),
      begun_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE platform_key (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      subject INTEGER NOT NULL REFERENCES subject (id),
      guid TEXT NOT NULL CHECK (length(guid) BETWEEN 1 AND 255),
      name TEXT NOT NULL,
      instance TEXT NOT NULL,
      owner TEXT NOT NULL CHECK (owner IN ('ours', 'named', 'foreign')),
      state TEXT NOT NULL CHECK (state IN ('in-flight', 'in-force', 'retiring', 'given-up', 'deleted')),
      serial TEXT,
      leaf BLOB CHECK (length(leaf) = 32),
      not_before INTEGER,
      not_after INTEGER,
      overlap_ends INTEGER,
      reason TEXT,
      sealed_credentials BLOB,
      sealed_under INTEGER REFERENCES sealing_key (id),
      first_seen INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      UNIQUE (subject, guid),
      CHECK ((sealed_credentials IS NULL) = (sealed_under IS NULL)),
      CHECK (sealed_credentials IS NULL OR state = 'in-flight'),
      CHECK ((not_before IS NULL) = (not_after IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX platform_key_in_force ON platform_key (subject) WHERE state = 'in-force'",
    "CREATE UNIQUE INDEX platform_key_in_flight ON platform_key (subject) WHERE state = 'in-flight'",
    """
    CREATE TABLE login (
      id INTEGER PRIMARY KEY,
      endpoint TEXT NOT NULL,
      principal TEXT NOT NULL,
      sealed_refresh_token BLOB,
      sealed_refused BLOB,
      refused_at INTEGER,
      refused_words TEXT,
      sealed_under INTEGER REFERENCES sealing_key (id),
      changed_at INTEGER NOT NULL,
      UNIQUE (endpoint, principal),
      CHECK ((sealed_refused IS NULL) = (refused_at IS NULL)),
      CHECK ((sealed_refused IS NULL) = (refused_words IS NULL)),
      CHECK ((sealed_refresh_token IS NULL AND sealed_refused IS NULL) = (sealed_under IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE login_certificate (
      subject INTEGER PRIMARY KEY REFERENCES subject (id),
      chain INTEGER NOT NULL REFERENCES certificate_list (id)
    ) STRICT
    """,
  ])
}
