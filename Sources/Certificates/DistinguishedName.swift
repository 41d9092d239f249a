// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// A distinguished name: `Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }` (RFC 5280, section 4.1.2.4).
///
/// Names are equal when their encodings are; that is how issuers are matched here, since every issuer in use copies its
/// own name byte for byte.
package struct DistinguishedName: Sendable {
  /// One attribute; `firstOfSet` tells where a relative distinguished name begins.
  package struct Attribute: Hashable, Sendable {
    package let type: ASN1ObjectIdentifier
    /// The text of the value; a value that is no string is `#` and its encoding in hexadecimal (RFC 4514, section 2.4).
    package let value: String
    package let beginsRelativeName: Bool
  }

  package let derBytes: [UInt8]
  /// In the order of the encoding.
  package let attributes: [Attribute]

  package init(derEncoded node: ASN1Node) throws {
    derBytes = Array(node.encodedBytes)
    attributes = try DER.sequence(node, identifier: .sequence) { sets in
      var attributes: [Attribute] = []
      while let set = sets.next() {
        guard set.identifier == .set, case .constructed(let members) = set.content else {
          throw CertificateError.malformed("a name holds something that is no SET")
        }
        var first = true
        for member in members {
          attributes.append(try Self.attribute(member, first: first))
          first = false
        }
      }
      return attributes
    }
  }

  /// Parses text such as `CN=host.example, O=TS, C=DE`: what the text names first is encoded last (RFC 4514,
  /// section 2.1).
  ///
  /// So do SAP's tools, which print a root that is encoded from country to common name as `CN=…, OU=…, O=…, C=…`.
  ///
  /// Understands the short names of RFC 4514 and SAP's `SP` and `EMAIL`, dotted object identifiers, backslash escapes,
  /// and double quotes (RFC 2253, section 4).
  ///
  /// - Throws: ``CertificateError/badName(_:offset:)``.
  package init(parsing text: String) throws(CertificateError) {
    let pairs = try DistinguishedNameParser.parse(text)
    do {
      var serializer = DER.Serializer()
      try serializer.appendConstructedNode(identifier: .sequence) { name in
        for pair in pairs.reversed() {
          try name.appendConstructedNode(identifier: .set) { set in
            try set.appendConstructedNode(identifier: .sequence) { attribute in
              try attribute.serialize(pair.type)
              try Self.serialize(pair.value, of: pair.type, into: &attribute)
            }
          }
        }
      }
      try self.init(derEncoded: DER.parse(serializer.serializedBytes))
    } catch {
      throw .badName(String(describing: error), offset: 0)
    }
  }

  /// The last common name, the most specific one by custom; `nil` when there is none.
  package var commonName: String? {
    attributes.last { $0.type == .NameAttributes.commonName }?.value
  }

  package var isEmpty: Bool { attributes.isEmpty }

  /// Whether a person would call the names the same: the values but for case, repeated spaces and the kind of string
  /// (RFC 5280, section 7.1), in either order, since `openssl` prints names the other way round.
  package func isAlike(_ other: DistinguishedName) -> Bool {
    let (left, right) = (relativeNames.map(Self.prepared), other.relativeNames.map(Self.prepared))
    return left == right || left == right.reversed()
  }

  /// The attributes by relative distinguished name.
  private var relativeNames: [[Attribute]] {
    attributes.reduce(into: []) { names, attribute in
      if attribute.beginsRelativeName || names.isEmpty {
        names.append([attribute])
      } else {
        names[names.endIndex - 1].append(attribute)
      }
    }
  }

  private static func prepared(_ relativeName: [Attribute]) -> Set<String> {
    Set(
      relativeName.map { attribute in
        let words = attribute.value.lowercased().split(whereSeparator: \.isWhitespace)
        return "\(attribute.type)=\(words.joined(separator: " "))"
      })
  }

  private static func attribute(_ node: ASN1Node, first: Bool) throws -> Attribute {
    try DER.sequence(node, identifier: .sequence) { nodes in
      let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
      guard let value = nodes.next() else { throw CertificateError.malformed("a name's attribute has no value") }
      return Attribute(type: type, value: text(of: value), beginsRelativeName: first)
    }
  }

  private static func text(of node: ASN1Node) -> String {
    guard case .primitive(let bytes) = node.content else { return "#" + Hexadecimal.lower(node.encodedBytes) }
    switch node.identifier {
    case .utf8String, .printableString, .ia5String:
      return String(decoding: bytes, as: UTF8.self)
    case .teletexString:
      return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    case .bmpString where bytes.count.isMultiple(of: 2):
      let units = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
        UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
      }
      return String(decoding: units, as: UTF16.self)
    default:
      return "#" + Hexadecimal.lower(node.encodedBytes)
    }
  }

  /// PrintableString where it suffices, as SAP's tools do; IA5String where RFC 4519 demands it; else UTF8String.
  private static func serialize(
    _ value: String, of type: ASN1ObjectIdentifier, into coder: inout DER.Serializer
  ) throws {
    if type == .NameAttributes.domainComponent || type == .NameAttributes.emailAddress {
      try coder.serialize(ASN1IA5String(value))
    } else if value.utf8.allSatisfy(isPrintable) {
      try coder.serialize(ASN1PrintableString(value))
    } else {
      try coder.serialize(ASN1UTF8String(value))
    }
  }

  /// X.680, section 41.4.
  private static func isPrintable(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: " '()+,-./:=?".utf8.contains(character)
    }
  }
}

extension DistinguishedName: Hashable {
  package static func == (left: DistinguishedName, right: DistinguishedName) -> Bool { left.derBytes == right.derBytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(derBytes) }
}

extension DistinguishedName: CustomStringConvertible {
  /// `CN=host.example, O=TS, C=DE`, what is encoded last named first (RFC 4514, section 2.1); control and direction
  /// characters are escaped, since names come from the network and end in terminals and logs.
  package var description: String {
    relativeNames.reversed().map { relativeName in
      relativeName.map { attribute in
        DistinguishedNameParser.shortName(of: attribute.type) + "=" + DistinguishedNameParser.escape(attribute.value)
      }.joined(separator: " + ")
    }.joined(separator: ", ")
  }
}
