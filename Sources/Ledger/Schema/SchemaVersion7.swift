// SPDX-License-Identifier: Apache-2.0

extension SchemaVersion {
  /// The list of a generation's files goes: nobody ever wrote it, since each generation's folder holds its own, which is
  /// what files are compared with and survives the ledger.
  ///
  /// Never edit it: write the next version instead.
  static let version7 = SchemaVersion(statements: ["DROP TABLE generation_file"])
}
