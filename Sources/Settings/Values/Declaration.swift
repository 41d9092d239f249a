// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Where an entry stands in the configuration files.
///
/// Any two declarations are equal: where an entry stands is no part of what it says, and an entry that only moved to
/// another line must not count as changed after a reload.
package struct Declaration: Sendable, Hashable {
  package var file: FilePath
  /// Counted from 1.
  package var line: Int
  /// Counted from 1 in Unicode scalars.
  package var column: Int

  package init(file: FilePath, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// For entries that were not read from a file.
  package static let nowhere = Declaration(file: "-", line: 0, column: 0)

  package static func == (_: Declaration, _: Declaration) -> Bool {
    true
  }

  package func hash(into hasher: inout Hasher) {}
}

extension Declaration: CustomStringConvertible {
  /// Written as `file:line:column`.
  package var description: String {
    "\(file):\(line):\(column)"
  }
}
