// SPDX-License-Identifier: Apache-2.0

/// One field of a journal entry: a name and any bytes, as systemd.journal-fields(7) has them.
package struct JournalField: Sendable, Hashable {
  package let name: String
  package let value: [UInt8]

  package init(_ name: String, _ value: [UInt8]) {
    self.name = name
    self.value = value
  }

  package init(_ name: String, _ value: String) {
    self.init(name, Array(value.utf8))
  }

  /// The value as text; bytes that are no UTF-8 show as U+FFFD.
  package var text: String { String(decoding: value, as: UTF8.self) }

  /// journald refuses longer names (`journal_field_valid` in systemd, 64 bytes).
  static let longestName = 64

  /// Names of our own all have this in front, so that none can be taken for one of the journal's.
  static let prefix = "CERTROTD_"

  /// The journal's name for a metadata key: `not-after` is `CERTROTD_NOT_AFTER`.
  ///
  /// The journal takes capitals, digits and underscores; everything else becomes an underscore.
  static func name(forMetadataKey key: String) -> String {
    let mapped = key.unicodeScalars.prefix(longestName).map { scalar -> Character in
      switch scalar {
      case "a"..."z": Character(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) - 32))
      case "A"..."Z", "0"..."9": Character(scalar)
      default: "_"
      }
    }
    return String((prefix + String(mapped)).prefix(longestName))
  }
}
