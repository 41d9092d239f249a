// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// What belongs to a generation, as written into it as `.manifest.json` (version 1 of this format).
///
/// It is what makes an old generation usable by itself: where its outside items go, whose they are, and how each file
/// must look. The bytes of files are known by a digest; for those that lie outside, the generation has copies.
struct GenerationManifest: Codable, Equatable {
  /// A file or folder of the generation.
  struct Item: Codable, Equatable {
    /// The folder's own mode; nil for a file.
    var folderMode: UInt32?
    /// The relative path in the generation at which the bytes lie: the item itself, or the copy of an outside one.
    var stored: String
    /// The absolute path of an outside item.
    var outside: String?
    var owner: UInt32?
    var group: UInt32?
    /// The file, with an empty name, or the members of the folder.
    var files: [File]

    var isFolder: Bool { folderMode != nil }
    /// The files' owner and group count where the item itself lies, not for the copy.
    var isOutside: Bool { outside != nil }
  }

  /// One file and how it must look at its place.
  struct File: Codable, Equatable {
    var name: String
    var mode: UInt32
    /// In bytes.
    var size: Int
    /// The digest that the store was made with, in hexadecimal.
    var digest: String
  }

  var version = 1
  var items: [Item]

  static var name: FilePath.Component { ".manifest.json" }
  /// The folder for the copies of outside items.
  static var copies: FilePath.Component { ".outside" }
  /// In bytes; far more than any generation needs.
  static var sizeLimit: Int { 16 << 20 }

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }
}
