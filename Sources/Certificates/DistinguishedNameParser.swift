// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// The text form of distinguished names (RFC 4514, with the quoting of RFC 2253 and SAP's short names).
enum DistinguishedNameParser {
  struct Pair {
    let type: ASN1ObjectIdentifier
    let value: String
  }

  static func parse(_ text: String) throws(CertificateError) -> [Pair] {
    var reader = Reader(text)
    var pairs: [Pair] = []
    reader.skipSpaces()
    guard !reader.isAtEnd else { throw .badName("the name is empty", offset: 0) }
    while true {
      pairs.append(try reader.pair())
      guard !reader.isAtEnd else { return pairs }
      try reader.separator()
    }
  }

  static func shortName(of type: ASN1ObjectIdentifier) -> String {
    names.first { $0.value == type }?.key ?? String(describing: type)
  }

  /// Escapes what the text form reserves, and shows what a terminal must not receive as `\u{…}`.
  static func escape(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case ",", "+", "\"", "\\", "<", ">", ";":
        text += "\\"
        text.unicodeScalars.append(scalar)
      case _
      where scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        || scalar.properties.generalCategory == .lineSeparator
        || scalar.properties.generalCategory == .paragraphSeparator:
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        text.unicodeScalars.append(scalar)
      }
    }
    return text.count > 256 ? text.prefix(256) + "…" : text
  }

  /// Read and printed; `aliases` are only read.
  private static let names: KeyValuePairs<String, ASN1ObjectIdentifier> = [
    "CN": .NameAttributes.commonName, "O": .NameAttributes.organizationName,
    "OU": .NameAttributes.organizationalUnitName, "C": .NameAttributes.countryName,
    "L": .NameAttributes.localityName, "ST": .NameAttributes.stateOrProvinceName,
    "DC": .NameAttributes.domainComponent, "E": .NameAttributes.emailAddress, "SN": .NameAttributes.surname,
    "GN": .NameAttributes.givenName, "T": .NameAttributes.title, "SERIALNUMBER": .NameAttributes.serialNumber,
    "UID": [0, 9, 2342, 19_200_300, 100, 1, 1], "STREET": [2, 5, 4, 9],
  ]

  private static let aliases: [String: ASN1ObjectIdentifier] = [
    "SP": .NameAttributes.stateOrProvinceName, "S": .NameAttributes.stateOrProvinceName,
    "EMAIL": .NameAttributes.emailAddress, "EMAILADDRESS": .NameAttributes.emailAddress,
    "SURNAME": .NameAttributes.surname, "GIVENNAME": .NameAttributes.givenName, "TITLE": .NameAttributes.title,
  ]

  private static func type(named name: String) -> ASN1ObjectIdentifier? {
    let upper = name.uppercased()
    if let known = names.first(where: { $0.key == upper })?.value ?? aliases[upper] { return known }
    let dotted = upper.hasPrefix("OID.") ? String(upper.dropFirst(4)) : upper
    guard dotted.contains("."), dotted.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
    return try? ASN1ObjectIdentifier(dotRepresentation: dotted)
  }

  private struct Reader {
    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    var isAtEnd: Bool { position >= characters.count }

    mutating func skipSpaces() {
      while !isAtEnd, characters[position].isWhitespace { position += 1 }
    }

    mutating func separator() throws(CertificateError) {
      guard characters[position] == "," || characters[position] == ";" else {
        throw .badName("'\(characters[position])' stands where a comma was expected", offset: position)
      }
      position += 1
      skipSpaces()
      guard !isAtEnd else { throw .badName("nothing follows the last comma", offset: position) }
    }

    mutating func pair() throws(CertificateError) -> Pair {
      let start = position
      while !isAtEnd, characters[position] != "=", characters[position] != "," { position += 1 }
      let name = String(characters[start..<position].filter { !$0.isWhitespace })
      guard !isAtEnd, characters[position] == "=" else {
        throw .badName("'\(name)' is not followed by '='", offset: start)
      }
      guard let type = DistinguishedNameParser.type(named: name) else {
        throw .badName("'\(name)' is no known attribute; write its object identifier instead", offset: start)
      }
      position += 1
      skipSpaces()
      let value = isAtEnd ? "" : characters[position] == "\"" ? try quoted() : try plain()
      guard !value.isEmpty else { throw .badName("'\(name)' has no value", offset: start) }
      if type == .NameAttributes.countryName, value.utf8.count != 2 {
        throw .badName("a country is two letters, not '\(value)'", offset: start)
      }
      return Pair(type: type, value: value)
    }

    private mutating func quoted() throws(CertificateError) -> String {
      let start = position
      position += 1
      var value = ""
      while !isAtEnd, characters[position] != "\"" {
        value += characters[position] == "\\" ? try escaped() : String(advance())
      }
      guard !isAtEnd else { throw .badName("the quotation mark is not closed", offset: start) }
      position += 1
      skipSpaces()
      return value
    }

    private mutating func plain() throws(CertificateError) -> String {
      var value = ""
      var length = 0
      while !isAtEnd, characters[position] != ",", characters[position] != ";" {
        if characters[position] == "+" {
          throw .badName("several attributes joined by '+' are not supported", offset: position)
        }
        let isEscape = characters[position] == "\\"
        value += isEscape ? try escaped() : String(advance())
        if isEscape || value.last?.isWhitespace == false { length = value.count }
      }
      return String(value.prefix(length))
    }

    private mutating func advance() -> Character {
      defer { position += 1 }
      return characters[position]
    }

    /// One escaped character, or those of a row of escaped bytes, which are UTF-8 (RFC 4514, sections 2.4 and 3).
    private mutating func escaped() throws(CertificateError) -> String {
      let start = position
      var bytes: [UInt8] = []
      while let byte = escapedByte() {
        bytes.append(byte)
        position += 3
      }
      guard bytes.isEmpty else {
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw .badName("the bytes that are escaped here are not UTF-8", offset: start)
        }
        return text
      }
      position += 1
      guard !isAtEnd else { throw .badName("nothing follows the last backslash", offset: position) }
      return String(advance())
    }

    /// The byte that a backslash and two digits spell here, or nil.
    private func escapedByte() -> UInt8? {
      guard characters.count - position >= 3, characters[position] == "\\" else { return nil }
      return Hexadecimal.bytes(String(characters[position + 1...position + 2]))?.first
    }
  }
}
