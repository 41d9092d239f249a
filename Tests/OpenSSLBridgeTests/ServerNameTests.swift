// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import OpenSSLBridge
import TestSupport
import Testing

@Suite struct ServerNameTests {
  @Test func readsHosts() {
    #expect(ServerName(host: "host.example") == .dns("host.example"))
    #expect(ServerName(host: "host.example.") == .dns("host.example"))
    #expect(ServerName(host: "127.0.0.1") == .ip([127, 0, 0, 1]))
    let loopback = ServerName.ip([UInt8](repeating: 0, count: 15) + [1])
    #expect(ServerName(host: "::1") == loopback && ServerName(host: "[::1]") == loopback)
    #expect(ServerName(host: "1.2.3") == .dns("1.2.3"))
    #expect(ServerName(host: "") == .dns(""))
    #expect(loopback.description == "0:0:0:0:0:0:0:1")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let names: [String]
    var addresses: [String] = []
    var commonName = "ignored.example"
    let host: String
    let matches: Bool
    var testDescription: String { "\(names + addresses) CN=\(commonName) for \(host)" }
  }

  static let cases = [
    Case(names: ["a.example"], host: "a.example", matches: true),
    Case(names: ["a.example"], host: "A.EXAMPLE", matches: true),
    Case(names: ["a.example"], host: "b.example", matches: false),
    Case(names: ["a.example", "b.example"], host: "b.example", matches: true),
    Case(names: ["*.example.com"], host: "a.example.com", matches: true),
    Case(names: ["*.example.com"], host: "a.b.example.com", matches: false),
    Case(names: ["*.example.com"], host: "example.com", matches: false),
    Case(names: ["a*.example.com"], host: "ab.example.com", matches: false),
    Case(names: ["*"], host: "example", matches: false),
    Case(names: [], addresses: ["127.0.0.1"], host: "127.0.0.1", matches: true),
    Case(names: [], addresses: ["::1"], host: "::1", matches: true),
    Case(names: [], addresses: ["127.0.0.1"], host: "127.0.0.2", matches: false),
    Case(names: ["127.0.0.1"], host: "127.0.0.1", matches: false),
    Case(names: ["a.example"], commonName: "b.example", host: "b.example", matches: false),
    Case(names: [], commonName: "b.example", host: "b.example", matches: true),
    Case(names: ["a.example"], host: "a.example\u{0}.evil.example", matches: false),
    Case(names: ["a.example"], host: "", matches: false),
  ]

  @Test(arguments: cases) func matching(_ test: Case) throws {
    let root = try TestCA.root()
    let leaf = try root.issue("CN=\(test.commonName)") {
      $0.dnsNames = test.names
      $0.addresses = test.addresses
    }
    let name = ServerName(host: test.host)
    let verdict = PathBuilder.build(
      chain: [leaf.certificate], anchors: try TrustAnchors.bundle([root.certificate]), name: name, now: .now)
    #expect(verdict.complaints.map(\.reason) == (test.matches ? [] : [.nameMismatch(name)]))
  }
}
