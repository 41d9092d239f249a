// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import PSEFormat
import SwiftASN1
import Testing

/// `Documentation/pse-format.md` holds an annotated dump of a small file: this makes the file, and the dump.
///
/// With the environment variable `CERTROTD_UPDATE_DOCUMENTATION` set, the test writes the dump into the page.
struct AnnotatedDumpTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Documentation/pse-format.md")
  private static let marks = (
    "<!-- The dump is written by AnnotatedDumpTests. -->\n```\n", "```\n<!-- The dump ends here. -->"
  )

  @Test func thePageShowsTheFileAsItIsWritten() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let start = try #require(text.range(of: Self.marks.0))
    let end = try #require(text.range(of: Self.marks.1, range: start.upperBound..<text.endIndex))
    let dump = try Self.dump(Self.file())
    if ProcessInfo.processInfo.environment["CERTROTD_UPDATE_DOCUMENTATION"] != nil {
      let updated = text[..<start.upperBound] + dump + text[end.lowerBound...]
      try updated.write(to: Self.page, atomically: true, encoding: .utf8)
    } else {
      #expect(
        text[start.upperBound..<end.lowerBound] == dump,
        "set CERTROTD_UPDATE_DOCUMENTATION and run this test to write the dump")
    }
  }

  /// Self-signed, with a key of 24 bits and a signature that is none, so that it is short.
  private static func file() throws -> [UInt8] {
    let root = try MadeUpCertificate.make(subject: "CN=a", keyBytes: 3, signatureBytes: 4)
    let identity = try PSEIdentity(
      primes: PSEPrimes([0x0F, 0xFD], [0x0F, 0xFB]), certificate: root, issuers: [])
    let content = try PSEContent.make(
      identity: identity, trust: [root], derivation: PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8]), created: aTime)
    return try PSEFile(content).derEncoded()
  }

  /// One line for each element: offset, bytes of the header or of all that is not made of elements, and what it is.
  private static func dump(_ bytes: [UInt8]) throws -> String {
    var lines: [String] = []
    var object = ""
    func walk(_ node: ASN1Node, _ depth: Int, _ path: [Int]) {
      let offset = node.encodedBytes.startIndex
      if path.count == 4, path.starts(with: [1, 3]), path[3] == 0, case .primitive(let name) = node.content {
        object = String(decoding: name, as: UTF8.self)
      }
      var note = note(path, object)
      var children: [ASN1Node] = []
      if case .constructed(let nodes) = node.content { children = Array(nodes) }
      // Taken apart once, as the value of Cert.
      if isCertificate(children), object != "Cert" {
        children = []
        note = "the certificate that Cert holds, \(node.encodedBytes.count) bytes"
      }
      let shown: ArraySlice<UInt8>
      switch node.content {
      case .primitive: shown = node.encodedBytes
      case .constructed: shown = node.encodedBytes.prefix(headerLength(node.encodedBytes))
      }
      let hex = shown.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      let place = String(repeating: "0", count: 4 - String(offset, radix: 16).count) + String(offset, radix: 16)
      let left = place + "  " + String(repeating: "  ", count: depth) + hex
      let padding = String(repeating: " ", count: max(2, 64 - left.count))
      lines.append(note.isEmpty ? left : left + padding + note)
      for (index, child) in children.enumerated() { walk(child, depth + 1, path + [index]) }
    }
    walk(try DER.parse(bytes), 0, [])
    return lines.joined(separator: "\n") + "\n"
  }

  private static func headerLength(_ bytes: ArraySlice<UInt8>) -> Int {
    let first = bytes[bytes.startIndex + 1]
    return first < 0x80 ? 2 : 2 + Int(first & 0x7F)
  }

  private static func isCertificate(_ children: [ASN1Node]) -> Bool {
    guard children.count == 3, case .constructed(let first) = children[0].content else { return false }
    return children[2].identifier == .bitString && Array(first).count > 5
  }

  /// What stands at a place: `path` is the way from the outermost SEQUENCE by indices.
  private static func note(_ path: [Int], _ object: String) -> String {
    switch path {
    case []: "PSEFile"
    case [0]: "version 2"
    case [1]: "Content, bare since there is no PIN"
    case [1, 0]: "algorithm, which nothing here makes use of"
    case [1, 0, 0]: "pbeWithSHA1And3-KeyTripleDES-CBC"
    case [1, 0, 1, 0]: "salt"
    case [1, 0, 1, 1]: "10,000 iterations"
    case [1, 1]: "created, 20240229235958Z"
    case [1, 2]: "keyFlag: there is a private key"
    case [1, 3]: "objects, in DER's order of a SET"
    default: note(inObject: Array(path.dropFirst(3)), object)
    }
  }

  private static func note(inObject path: [Int], _ object: String) -> String {
    switch (object, path) {
    case (_, [0]): "name: \(object)"
    case (_, [1]): "created"
    case (_, [2]): "type of \(object)"
    case ("SKnew", [3, 0, 0]): "rsaEncryption"
    case ("SKnew", [3, 1]): "SEQUENCE { p INTEGER, q INTEGER } as a bit string"
    case ("PKRoot", [3]): "the root, taken apart"
    case ("PKRoot", [3, 0]): "subject, which is the issuer too"
    case ("PKRoot", [3, 1, 0]): "version, as in the certificate"
    case ("PKRoot", [3, 1, 1]): "serial number"
    case ("PKRoot", [3, 1, 2]): "subjectPublicKeyInfo"
    case ("PKRoot", [3, 1, 3]): "validity, tagged [1]"
    case ("PKRoot", [3, 1, 4]): "signature algorithm, tagged [2]"
    case ("PKRoot", [3, 1, 5]): "signature"
    case ("PKRoot", [3, 2]): "extensions, tagged [0] instead of [3]"
    case ("Cert", [3]): "the own certificate"
    case ("CertList", [3]): "its own issuer and root"
    case ("PKList", [3]): "the trust list"
    default: ""
    }
  }
}
