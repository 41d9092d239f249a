// SPDX-License-Identifier: Apache-2.0

import Certificates
import Testing

struct PEMReaderTests {
  private static let body = Array(0..<100).map { UInt8($0) }
  private static let block = PEMBlock(label: "THING", bytes: body)

  @Test(arguments: [
    block.text,
    String(block.text.dropLast()),
    block.text.replacing("\n", with: "\r\n"),
    block.text.replacing("\n", with: #"\n"#),
    block.text.replacing("\n", with: #"\\n"#),
    block.text.replacing("\n", with: #"\r\n"#),
    block.text.replacing("\n", with: ""),
    block.text.replacing("\n", with: " "),
    "subject=CN=a\n" + block.text + "trailing words",
  ])
  func readsTextAsItArrives(text: String) throws {
    #expect(try PEMReader.blocks(in: Array(text.utf8)) == [Self.block])
  }

  @Test func readsSeveralBlocksInTheirOrder() throws {
    let other = PEMBlock(label: "OTHER", bytes: [1])
    let blocks = try PEMReader.blocks(in: Array((Self.block.text + other.text + Self.block.text).utf8))
    #expect(blocks == [Self.block, other, Self.block])
  }

  @Test(arguments: [
    ("x\n-----BEGIN A-----\nAAAA\n", 2, "cut off"),
    ("-----BEGIN A-----\nA*AA\n-----END A-----", 1, "Base64"),
    ("-----BEGIN A-----\n-----END A-----", 1, "empty"),
    ("-----BEGIN A", 1, "dashes"),
    ("\(block.text)\n\(block.text)x\n-----BEGIN A-----\n*\n-----END A-----", 13, "Base64"),
  ])
  func saysWhichLineIsDamaged(text: String, line: Int, word: String) {
    let error = #expect(throws: CertificateError.self) { try PEMReader.blocks(in: Array(text.utf8)) }
    guard case .badPEM(let what, let found) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(found == line)
    #expect(what.contains(word))
  }

  @Test func passesOverWhatIsNoCertificate() throws {
    let headers = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    #expect(try PEMReader.certificates(in: Array((headers + Self.block.text).utf8)).isEmpty)
  }

  @Test func findsNothingInOtherText() throws {
    #expect(try PEMReader.blocks(in: Array("no PEM here".utf8)).isEmpty)
    #expect(try PEMReader.blocks(in: []).isEmpty)
  }
}
