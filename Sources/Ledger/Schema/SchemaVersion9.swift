// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// Entries of the history that were recorded together with what happened, and that nobody has been told of yet.
  ///
  /// Never edit it: write the next version instead.
  static let version9 = SchemaVersion(statements: [
    "ALTER TABLE history ADD COLUMN untold INTEGER NOT NULL DEFAULT 0 CHECK (untold IN (0, 1))",
    "CREATE INDEX history_untold ON history (subject) WHERE untold = 1",
  ])
}
