// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Rotations as text, for the ledger: `{"rotation": {…}, "version": 1}`.
package enum KeyRotationText {
  /// What is written now, and the newest that can be read.
  package static let version = 1

  /// - Throws: `EncodingError`, for times that JSON cannot hold.
  package static func encode(_ rotation: KeyRotation) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Envelope(version: version, rotation: rotation)), as: UTF8.self)
  }

  /// - Throws: ``Unreadable`` for text of a newer version, and for damage.
  package static func decode(_ text: String) throws(Unreadable) -> KeyRotation {
    let found: Version
    do {
      found = try JSONDecoder().decode(Version.self, from: Data(text.utf8))
    } catch {
      throw Unreadable(reason: "it is damaged")
    }
    guard found.version == version else {
      throw Unreadable(reason: "it has version \(found.version), and this certrotd reads version \(version)")
    }
    do {
      return try JSONDecoder().decode(Envelope.self, from: Data(text.utf8)).rotation
    } catch {
      throw Unreadable(reason: "it is damaged: \(error)")
    }
  }

  package struct Unreadable: Error, Hashable, CustomStringConvertible {
    package var reason: String
    package var description: String { "a recorded rotation cannot be read: \(reason)" }
  }

  private struct Version: Decodable { var version: Int }

  private struct Envelope: Codable {
    var version: Int
    var rotation: KeyRotation
  }
}
