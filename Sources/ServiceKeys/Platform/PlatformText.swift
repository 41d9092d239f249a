// SPDX-License-Identifier: Apache-2.0

/// An identifier that the platform gave: it becomes a part of paths, and stands in the ledger and in messages.
///
/// The platforms give UUIDs (RFC 9562, section 4), brokers may choose others (Open Service Broker API, "Binding"); whatever
/// else it is, it must not be able to name another path.
struct PlatformIdentifier: Decodable, Sendable {
  let text: String

  /// - Throws: `malformed` for what is no identifier; its text is not repeated.
  init(_ text: String) throws(PlatformFailure) {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: ".-_".utf8.contains(byte)
      }
    }
    guard (1...255).contains(text.utf8.count), isPlain, text != ".", text != ".." else {
      throw .malformed("an identifier is none")
    }
    self.text = text
  }

  init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }
}

/// A name that the platform gave, in any letters.
struct PlatformName: Decodable, Sendable {
  let text: String

  init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
    guard text.utf8.count <= Self.longest else {
      throw PlatformFailure.malformed("a name is longer than \(Self.longest) bytes")
    }
  }

  private static let longest = 1024
}

/// What a list may come to: everything of it is held at once.
enum PlatformList {
  /// Adds what a page holds.
  ///
  /// - Throws: `malformed` when there are more elements than any instance has keys.
  static func add<Element>(
    _ page: [Element], to elements: inout [Element], purpose: String
  ) throws(PlatformFailure) {
    guard elements.count + page.count <= most else {
      throw .malformed("\(purpose): the list has more than \(most) elements")
    }
    elements += page
  }

  /// Quotas of the platform end far below it.
  static let most = 20_000
}
