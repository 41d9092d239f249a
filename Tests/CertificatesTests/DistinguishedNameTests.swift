// SPDX-License-Identifier: Apache-2.0

import Certificates
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
  ])
  func parsesAndPrints(text: String, printed: String) throws {
    #expect(try DistinguishedName(parsing: text).description == printed)
  }

  @Test(arguments: [
    ("", 0), ("CN", 0), ("CN=", 0), ("CN=a,", 5), ("NOPE=a", 0), ("CN=a, C=Germany", 6), ("CN=\"a", 3), ("CN=a+O=b", 4),
    ("CN=a\\", 5),
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

  @Test func writesPrintableStringWhereItSuffices() throws {
    // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, PrintableString "a" } } }
    #expect(
      try DistinguishedName(parsing: "CN=a").derBytes == [
        0x30, 0x0C, 0x31, 0x0A, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, 0x61,
      ])
    #expect(try DistinguishedName(parsing: "CN=@").derBytes[11] == 0x0C)
  }
}
