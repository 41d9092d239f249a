// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Testing

@testable import ServiceKeys

struct PEMTextTests {
  /// What hands and tools do to line breaks.
  static let damages: [(String, @Sendable (String) -> String)] = [
    ("none", { $0 }), ("no final newline", { String($0.dropLast()) }), ("CRLF", { $0.replacing("\n", with: "\r\n") }),
    ("escaped", { $0.replacing("\n", with: "\\n") }), ("escaped twice", { $0.replacing("\n", with: "\\\\n") }),
    ("lost", { $0.replacing("\n", with: "") }), ("spaces", { $0.replacing("\n", with: " ") }),
    ("text around", { "Bag Attributes\n" + $0 + "end\n" }),
  ]

  @Test(arguments: 0..<damages.count, ["leaf-pkcs1.key", "leaf.key"])
  func `damaged line breaks are mended`(index: Int, name: String) throws {
    let damage = Self.damages[index].1
    let key = try Sample.fixture(name)
    let document = try Sample.read("{\(Sample.members(certificate: damage(Sample.chain), key: damage(key)))}")
    #expect(try document.certificates == Sample.certificates)
    #expect(document.privateKeyPEM == SecretBytes(copying: key.utf8))
  }

  @Test(arguments: ["other-sec1.key", "other.key"])
  func `elliptic curve keys are read`(name: String) throws {
    let key = try Sample.fixture(name)
    let document = try Sample.read("{\(Sample.members(certificate: Sample.fixture("other.pem"), key: key))}")
    #expect(document.privateKeyPEM == SecretBytes(copying: key.utf8))
  }

  @Test func `the headers of an encrypted key are kept, unless its line breaks are lost`() throws {
    let key = try Sample.fixture("leaf-encrypted.key")
    for damage in Self.damages where damage.0 != "lost" && damage.0 != "spaces" {
      let document = try Sample.read("{\(Sample.members(key: damage.1(key)))}")
      #expect(document.privateKeyPEM == SecretBytes(copying: key.utf8), "\(damage.0)")
    }
    let lost = Sample.failure("{\(try Sample.members(key: key.replacing("\n", with: "")))}")
    #expect(lost == .badKey(path: "key", reason: "the line breaks of the encrypted private key are lost"))
  }

  @Test(arguments: ["leaf-pkcs1.key", "leaf-encrypted.key"])
  func `one text may hold key and certificates`(name: String) throws {
    let key = try Sample.fixture(name)
    let document = try Sample.read("{\"certificate\": \(Sample.quoted(key + Sample.chain))}")
    #expect(try document.certificates == Sample.certificates)
    #expect(document.privateKeyPEM == SecretBytes(copying: key.utf8))
  }

  @Test func `damaged keys and certificates are named without showing them`() throws {
    let key = try Sample.key
    let cut = String(key.prefix(200))
    #expect(
      Sample.failure("{\(try Sample.members(key: cut))}")
        == .badKey(path: "key", reason: "the private key is cut off: its END line is missing"))
    #expect(
      Sample.failure("{\(try Sample.members(key: "geheim"))}")
        == .badKey(path: "key", reason: "there is no PEM private key"))
    let odd = key.replacing("\n-----END", with: "A\n-----END")
    #expect(
      Sample.failure("{\(try Sample.members(key: odd))}")
        == .badKey(path: "key", reason: "the private key lacks characters"))
    let strange = key.replacing("\n-----END", with: "*\n-----END")
    #expect(
      Sample.failure("{\(try Sample.members(key: strange))}")
        == .badKey(path: "key", reason: "the private key holds something other than Base64"))
    let empty = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
    #expect(
      Sample.failure("{\(try Sample.members(key: empty))}") == .badKey(path: "key", reason: "the private key is empty"))
    let chain = String(try Sample.chain.prefix(1000))
    guard
      case .badCertificate("a.certificate", .badPEM)? = Sample.failure(
        "{\"a\": {\(try Sample.members(certificate: chain))}}")
    else {
      Issue.record("no damaged certificate")
      return
    }
  }
}
