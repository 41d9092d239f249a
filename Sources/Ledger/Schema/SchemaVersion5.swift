// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// What else the configuration called the PSE that a keystore started from, for when the links have gone that made it so.
  ///
  /// Never edit it: write the next version instead.
  static let version5 = SchemaVersion(
    statements: [
      "ALTER TABLE adoption ADD COLUMN other_names TEXT CHECK (other_names IS NULL OR json_valid(other_names))"
    ])
}
