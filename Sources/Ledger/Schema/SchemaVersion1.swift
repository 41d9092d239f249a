// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// The first released schema.
  ///
  /// Never edit it: write the next version instead.
  static let version1 = SchemaVersion(
    statements: subjects + certificates + observations + schedules + identities + keystores + hooks + events)

  private static let subjects = [
    """
    CREATE TABLE installation (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      seed INTEGER NOT NULL
    ) STRICT
    """,
    "INSERT INTO installation (id, seed) VALUES (1, random())",
    """
    CREATE TABLE subject (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('endpoint', 'service-key', 'keystore', 'pem', 'daemon')),
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 4096),
      first_seen INTEGER NOT NULL,
      removed_at INTEGER,
      UNIQUE (kind, name)
    ) STRICT
    """,
  ]

  private static let certificates = [
    """
    CREATE TABLE certificate (
      id INTEGER PRIMARY KEY,
      fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
      der BLOB NOT NULL CHECK (length(der) > 0),
      subject TEXT NOT NULL,
      issuer TEXT NOT NULL,
      not_before INTEGER NOT NULL,
      not_after INTEGER NOT NULL,
      first_seen INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX certificate_subject ON certificate (subject)",
    """
    CREATE TABLE certificate_list (
      id INTEGER PRIMARY KEY,
      digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE certificate_list_member (
      list INTEGER NOT NULL REFERENCES certificate_list (id) ON DELETE CASCADE,
      position INTEGER NOT NULL CHECK (position >= 0),
      certificate INTEGER NOT NULL REFERENCES certificate (id),
      PRIMARY KEY (list, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX certificate_list_member_certificate ON certificate_list_member (certificate)",
  ]

  private static let observations = [
    """
    CREATE TABLE observation (
      id INTEGER PRIMARY KEY,
      endpoint INTEGER NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
      content BLOB NOT NULL CHECK (length(content) = 32),
      verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'rejected', 'failed')),
      chain INTEGER REFERENCES certificate_list (id),
      path INTEGER REFERENCES certificate_list (id),
      culprit TEXT CHECK (
        culprit IN ('configuration', 'server', 'network', 'platform', 'host', 'certrotd')),
      reason TEXT,
      disagreement INTEGER NOT NULL CHECK (disagreement IN (0, 1)),
      first_seen INTEGER NOT NULL,
      last_seen INTEGER NOT NULL,
      count INTEGER NOT NULL CHECK (count > 0),
      CHECK ((verdict = 'verified') = (path IS NOT NULL)),
      CHECK (verdict = 'failed' OR chain IS NOT NULL),
      CHECK ((verdict = 'verified') = (reason IS NULL)),
      CHECK ((culprit IS NULL) = (reason IS NULL))
    ) STRICT
    """,
    "CREATE INDEX observation_endpoint ON observation (endpoint, id)",
    "CREATE INDEX observation_verified ON observation (endpoint, id) WHERE verdict = 'verified'",
    "CREATE INDEX observation_chain ON observation (chain) WHERE chain IS NOT NULL",
    "CREATE INDEX observation_path ON observation (path) WHERE path IS NOT NULL",
  ]

  private static let schedules = [
    """
    CREATE TABLE schedule (
      subject INTEGER NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
      work TEXT NOT NULL CHECK (length(work) BETWEEN 1 AND 64),
      last_attempt INTEGER,
      last_success INTEGER,
      failures INTEGER NOT NULL CHECK (failures >= 0),
      next_attempt INTEGER,
      reason TEXT,
      outcome TEXT,
      condition TEXT,
      condition_since INTEGER,
      PRIMARY KEY (subject, work),
      CHECK ((condition IS NULL) = (condition_since IS NULL))
    ) STRICT, WITHOUT ROWID
    """
  ]

  private static let identities = [
    """
    CREATE TABLE sealing_key (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      sealed_check BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE identity (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      owner INTEGER NOT NULL REFERENCES subject (id),
      leaf INTEGER NOT NULL REFERENCES certificate (id),
      issuers INTEGER REFERENCES certificate_list (id),
      sealed_key BLOB,
      sealed_under INTEGER REFERENCES sealing_key (id),
      client_id TEXT,
      token_url TEXT,
      source_digest BLOB,
      recipe TEXT,
      accepted_at INTEGER NOT NULL,
      superseded_at INTEGER,
      state TEXT NOT NULL CHECK (state IN ('current', 'superseded')),
      CHECK ((state = 'current') = (superseded_at IS NULL)),
      CHECK (state <> 'current' OR sealed_key IS NOT NULL),
      CHECK ((sealed_key IS NULL) = (sealed_under IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX identity_current ON identity (owner) WHERE state = 'current'",
    "CREATE INDEX identity_owner ON identity (owner, id)",
    "CREATE INDEX identity_leaf ON identity (leaf)",
    "CREATE INDEX identity_issuers ON identity (issuers) WHERE issuers IS NOT NULL",
  ]

  private static let keystores = [
    """
    CREATE TABLE keystore (
      subject INTEGER PRIMARY KEY REFERENCES subject (id),
      last_generation INTEGER NOT NULL CHECK (last_generation >= 0)
    ) STRICT
    """,
    """
    CREATE TABLE generation (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      keystore INTEGER NOT NULL REFERENCES keystore (subject),
      number INTEGER NOT NULL CHECK (number > 0),
      state TEXT NOT NULL CHECK (
        state IN ('intended', 'staged', 'current', 'superseded', 'failed', 'rolled-back')),
      recipe TEXT NOT NULL,
      reason TEXT NOT NULL,
      outcome TEXT,
      leaf BLOB CHECK (length(leaf) = 32),
      adopted INTEGER NOT NULL CHECK (adopted IN (0, 1)),
      begun_at INTEGER NOT NULL,
      current_since INTEGER,
      changed_at INTEGER NOT NULL,
      UNIQUE (keystore, number),
      CHECK ((state IN ('failed', 'rolled-back')) = (outcome IS NOT NULL)),
      CHECK (state <> 'current' OR current_since IS NOT NULL)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX generation_current ON generation (keystore) WHERE state = 'current'",
    "CREATE INDEX generation_open ON generation (keystore) WHERE state IN ('intended', 'staged')",
    """
    CREATE TABLE generation_file (
      generation INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
      path TEXT NOT NULL CHECK (length(path) > 0),
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 4095),
      PRIMARY KEY (generation, path)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE generation_trust (
      generation INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
      fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
      PRIMARY KEY (generation, fingerprint)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE trust_member (
      keystore INTEGER NOT NULL REFERENCES keystore (subject),
      certificate INTEGER NOT NULL REFERENCES certificate (id),
      first_needed INTEGER NOT NULL,
      last_needed INTEGER,
      PRIMARY KEY (keystore, certificate)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX trust_member_certificate ON trust_member (certificate)",
  ]

  private static let hooks = [
    """
    CREATE TABLE hook (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      generation INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
      arguments TEXT NOT NULL CHECK (
        json_valid(arguments) AND json_type(arguments) = 'array' AND json_array_length(arguments) > 0),
      deadline INTEGER NOT NULL CHECK (deadline > 0),
      state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'superseded', 'abandoned')),
      attempts INTEGER NOT NULL CHECK (attempts >= 0),
      last_attempt INTEGER,
      next_attempt INTEGER NOT NULL,
      outcome TEXT,
      exit_status INTEGER,
      enqueued_at INTEGER NOT NULL,
      finished_at INTEGER,
      CHECK ((state = 'pending') = (finished_at IS NULL))
    ) STRICT
    """,
    "CREATE INDEX hook_generation ON hook (generation)",
    "CREATE INDEX hook_pending ON hook (id) WHERE state = 'pending'",
  ]

  private static let events = [
    """
    CREATE TABLE alert (
      subject INTEGER NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
      role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
      certificate BLOB NOT NULL CHECK (length(certificate) = 32),
      mark INTEGER NOT NULL CHECK (mark >= 0),
      raised_at INTEGER NOT NULL,
      PRIMARY KEY (subject, role, certificate, mark)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE history (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      subject INTEGER NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      event TEXT NOT NULL CHECK (length(event) BETWEEN 1 AND 64),
      message TEXT NOT NULL,
      fields TEXT NOT NULL CHECK (json_valid(fields) AND json_type(fields) = 'object')
    ) STRICT
    """,
    "CREATE INDEX history_subject ON history (subject, id)",
  ]
}
