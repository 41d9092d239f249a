// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// What else a keystore keeps of the PSE that it started from: how the file was made and whose it was, where a copy of it
  /// lies, and the objects that are handed on as they are, which may hold secrets.
  ///
  /// Never edit it: write the next version instead.
  static let version3 = SchemaVersion(
    statements: [
      "ALTER TABLE adoption ADD COLUMN pse_version INTEGER",
      "ALTER TABLE adoption ADD COLUMN has_pin INTEGER CHECK (has_pin IN (0, 1))",
      "ALTER TABLE adoption ADD COLUMN file_owner INTEGER CHECK (file_owner >= 0)",
      "ALTER TABLE adoption ADD COLUMN file_group INTEGER CHECK (file_group >= 0)",
      "ALTER TABLE adoption ADD COLUMN file_mode INTEGER CHECK (file_mode BETWEEN 0 AND 4095)",
      "ALTER TABLE adoption ADD COLUMN original TEXT CHECK (length(original) > 0)",
      "ALTER TABLE adoption ADD COLUMN kept_names TEXT CHECK (kept_names IS NULL OR json_valid(kept_names))",
      "ALTER TABLE adoption ADD COLUMN sealed_kept BLOB",
      "ALTER TABLE adoption ADD COLUMN sealed_under INTEGER REFERENCES sealing_key (id)",
    ])
}
