// SPDX-License-Identifier: Apache-2.0

import Certificates
import SwiftASN1
import Testing

struct DistinguishedNameTests {
  @Test(arguments: [
    ("CN=host.example, O=TS, C=DE", "CN=host.example, O=TS, C=DE"),
    ("cn = host.example ;o=TS", "CN=host.example, O=TS"),
    (#"CN=Miller\, Ann, O="A; B""#, #"CN=Miller\, Ann, O=A\; B"#),
    ("SP=Bayern, EMAIL=a@b.example, DC=example", "ST=Bayern, E=a@b.example, DC=example"),
    ("2.5.4.3=dotted", "CN=dotted"),
    (#"CN=a\2Cb"#, #"CN=a\,b"#),
    ("CN=Käthe", "CN=Käthe"),
    (#"CN=M\C3\BCller\2c \e2\82\acuro"#, #"CN=Müller\, €uro"#),
    (#"CN="M\C3\BCller""#, "CN=Müller"),
    (#"CN=a\Zb"#, "CN=aZb"),
  ])
  func parsesAndPrints(text: String, printed: String) throws {
    #expect(try DistinguishedName(parsing: text).description == printed)
  }

  @Test(arguments: [
    ("", 0), ("CN", 0), ("CN=", 0), ("CN=a,", 5), ("NOPE=a", 0), ("CN=a, C=Germany", 6), ("CN=\"a", 3), ("CN=a+O=b", 4),
    ("CN=a\\", 5), (#"CN=M\FCller"#, 4), (#"CN=\C3x"#, 3), (#"CN=a\BC\C3"#, 4),
  ])
  func refusesWithThePlace(text: String, offset: Int) {
    let error = #expect(throws: CertificateError.self) { try DistinguishedName(parsing: text) }
    guard case .badName(_, let found) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(found == offset)
  }

  @Test func neverSendsControlCharactersToATerminal() throws {
    let name = try DistinguishedName(parsing: "CN=a\u{1B}[31mb\u{202E}c")
    #expect(name.description == #"CN=a\u{1b}[31mb\u{202e}c"#)
    #expect(name.commonName == "a\u{1B}[31mb\u{202E}c")
  }

  @Test func theFirstOfTheTextIsEncodedLast() throws {
    let name = try DistinguishedName(parsing: "CN=host.example, OU=One, OU=Two, C=DE")
    #expect(name.attributes.map(\.value) == ["DE", "Two", "One", "host.example"])
  }

  /// As `openssl req -subj /C=DE/O=Trust/CN=host` and its `-multivalue-rdn` write them.
  @Test func readsWhatOthersEncoded() throws {
    let name = try Self.name([
      [(.NameAttributes.countryName, "DE")], [(.NameAttributes.organizationName, "Trust  One")],
      [(.NameAttributes.commonName, "host"), (.NameAttributes.emailAddress, "a@b.example")],
    ])
    let read = try DistinguishedName(derEncoded: DER.parse(name))
    #expect(read.description == "CN=host + E=a@b.example, O=Trust  One, C=DE")
    #expect(read.commonName == "host")
  }

  @Test(arguments: [
    ("CN=Old Root, O=TS, C=DE", true), ("C=DE, O=TS, CN=Old Root", true), ("cn=old  root,o=ts,c=de", true),
    ("CN=Old Root, O=TS", false), ("O=TS, CN=Old Root, C=DE", false), ("CN=Old Root 2, O=TS, C=DE", false),
  ])
  func aPersonMayWriteItOtherwise(text: String, isAlike: Bool) throws {
    let encoded = try Self.name([
      [(.NameAttributes.countryName, "DE")], [(.NameAttributes.organizationName, "TS")],
      [(.NameAttributes.commonName, "Old Root")],
    ])
    let name = try DistinguishedName(derEncoded: DER.parse(encoded))
    #expect(try name.isAlike(DistinguishedName(parsing: text)) == isAlike)
  }

  /// A name in UTF8Strings, as most authorities write it.
  private static func name(_ relativeNames: [[(ASN1ObjectIdentifier, String)]]) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { name in
      for relativeName in relativeNames {
        try name.appendConstructedNode(identifier: .set) { set in
          for (type, value) in relativeName {
            try set.appendConstructedNode(identifier: .sequence) { attribute in
              try attribute.serialize(type)
              try attribute.serialize(ASN1UTF8String(value))
            }
          }
        }
      }
    }
    return serializer.serializedBytes
  }

  @Test func writesPrintableStringWhereItSuffices() throws {
    // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, PrintableString "a" } } }
    #expect(
      try DistinguishedName(parsing: "CN=a").derBytes == [
        0x30, 0x0C, 0x31, 0x0A, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, 0x61,
      ])
    #expect(try DistinguishedName(parsing: "CN=@").derBytes[11] == 0x0C)
  }
}
