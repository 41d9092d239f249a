// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// Whether the files of a generation were tried once they were in force, and what came of it.
  ///
  /// Never edit it: write the next version instead.
  static let version6 = SchemaVersion(statements: [
    """
    CREATE TABLE confirmation (
      generation INTEGER PRIMARY KEY REFERENCES generation (id) ON DELETE CASCADE,
      origin TEXT NOT NULL CHECK (origin IN ('written', 'by-hand', 'brought-back', 'found')),
      fallback INTEGER CHECK (fallback > 0),
      state TEXT NOT NULL CHECK (state IN ('owed', 'trying', 'withdrawing', 'unconfirmed', 'confirmed')),
      since INTEGER,
      spent INTEGER NOT NULL CHECK (spent >= 0),
      attempts INTEGER NOT NULL CHECK (attempts >= 0),
      last_attempt INTEGER,
      finding TEXT CHECK (finding IN ('refused', 'inconclusive')),
      culprit TEXT CHECK (culprit IN ('configuration', 'server', 'network', 'platform', 'host', 'certrotd')),
      reason TEXT,
      obstacle TEXT,
      told TEXT CHECK (told IN ('refused', 'inconclusive')),
      CHECK ((state = 'owed') = (since IS NULL)),
      CHECK ((since IS NULL) = (last_attempt IS NULL)),
      CHECK ((state IN ('owed', 'confirmed')) = (finding IS NULL)),
      CHECK ((finding IS NULL) = (culprit IS NULL)),
      CHECK ((finding IS NULL) = (reason IS NULL)),
      CHECK (obstacle IS NULL OR state = 'unconfirmed')
    ) STRICT
    """
  ])
}
