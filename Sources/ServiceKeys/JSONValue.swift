// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A JSON value (RFC 8259) of which the structure is not known beforehand.
enum JSONValue: Decodable, Equatable {
  case object([String: JSONValue])
  case array([JSONValue])
  case string(String)
  /// A number, a truth value or null: nothing that a service key is read from.
  case other

  init(from decoder: any Decoder) throws {
    if let container = try Self.unlessOtherKind({ try decoder.container(keyedBy: AnyKey.self) }) {
      var members: [String: JSONValue] = [:]
      for key in container.allKeys { members[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
      self = .object(members)
    } else if var container = try Self.unlessOtherKind({ try decoder.unkeyedContainer() }) {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
      self = .array(elements)
    } else {
      let container = try decoder.singleValueContainer()
      self = try Self.unlessOtherKind { try container.decode(String.self) }.map(JSONValue.string) ?? .other
    }
  }

  /// Nil when the value is of another kind; damage is still an error.
  private static func unlessOtherKind<Value>(_ read: () throws -> Value) throws -> Value? {
    do {
      return try read()
    } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
      return nil
    }
  }

  /// The text of a member of an object.
  func text(_ key: String) -> String? {
    guard case .object(let members) = self, case .string(let text)? = members[key] else { return nil }
    return text
  }

  /// A member of an object.
  func member(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
      self.stringValue = stringValue
    }

    init?(intValue _: Int) {
      nil
    }
  }
}

extension JSONValue {
  /// Reads hostile text: size and nesting are judged before anything recurses.
  ///
  /// - Throws: `ServiceKeyError`, which never quotes the text.
  static func read(_ bytes: [UInt8]) throws(ServiceKeyError) -> JSONValue {
    guard bytes.count <= sizeLimit else { throw .tooLarge(limit: sizeLimit) }
    let json = try checked(bytes)
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(json))
    } catch {
      // Escaped line breaks would make the lines differ from those of the file.
      throw .notJSON(place: json.count == bytes.count ? place(ofDamageIn: json) : nil)
    }
  }

  /// The text with line breaks and tabs within strings escaped.
  ///
  /// Who follows the advice to replace each `\n` in a service key by a line break may do so in the JSON itself.
  private static func checked(_ bytes: [UInt8]) throws(ServiceKeyError) -> [UInt8] {
    var json: [UInt8] = []
    json.reserveCapacity(bytes.count + bytes.count / 32)
    var depth = 0
    var inString = false
    var isEscaped = false
    for byte in bytes {
      if inString, let escape = escapes[byte] {
        json += escape
        isEscaped = false
        continue
      }
      json.append(byte)
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where inString: isEscaped = true
      case UInt8(ascii: "\""): inString.toggle()
      case _ where inString: break
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= depthLimit else { throw .tooDeep(limit: depthLimit) }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    guard depth <= 0, !inString else { throw .truncated }
    return json
  }

  /// Where the text stops being JSON.
  ///
  /// JSONDecoder does not say. Of the message of JSONSerialization only the number of bytes before the damage is taken.
  private static func place(ofDamageIn json: [UInt8]) -> String? {
    do {
      _ = try JSONSerialization.jsonObject(with: Data(json))
      return nil
    } catch {
      guard let found = "\(error)".firstMatch(of: /around character (\d+)/), let offset = Int(found.1) else {
        return nil
      }
      let before = json.prefix(offset)
      let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
      return "line \(before.count { $0 == UInt8(ascii: "\n") } + 1), column \(column)"
    }
  }

  private static let escapes: [UInt8: [UInt8]] = [
    0x09: Array("\\t".utf8), 0x0A: Array("\\n".utf8), 0x0D: Array("\\r".utf8),
  ]
  static let sizeLimit = 1_000_000
  static let depthLimit = 32
}
