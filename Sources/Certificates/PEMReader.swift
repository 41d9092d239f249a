// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Reads PEM text as it really arrives: with text around it, with CRLF, with `\n` written out once or twice as in
/// hand-copied JSON, with all line breaks lost, without a final newline.
///
/// RFC 7468, section 2, describes the text; parsers there may be lax, and this one is.
package enum PEMReader {
  /// Every block of the text, in its order; none when there is no `-----BEGIN`.
  ///
  /// Headers such as `Proc-Type:` (RFC 1421) are not supported: an encrypted traditional key is for OpenSSL to read.
  ///
  /// - Throws: ``CertificateError/badPEM(_:line:)`` for a block that is cut off or holds something other than Base64.
  package static func blocks(in text: some Collection<UInt8>) throws(CertificateError) -> [PEMBlock] {
    try blocks(in: text) { _ in true }
  }

  /// Every block with one of `labels`, in the order of the text.
  ///
  /// - Throws: ``CertificateError/badPEM(_:line:)`` as ``blocks(in:)``.
  package static func blocks(
    in text: some Collection<UInt8>, labelled labels: Set<String>
  ) throws(CertificateError) -> [PEMBlock] {
    try blocks(in: text, where: labels.contains)
  }

  /// Blocks with other labels are not even decoded: a private key has no business in here, and may have headers.
  private static func blocks(
    in text: some Collection<UInt8>, where isWanted: (String) -> Bool
  ) throws(CertificateError) -> [PEMBlock] {
    let bytes = unescaped(text)
    var blocks: [PEMBlock] = []
    var position = 0
    var (line, counted) = (1, 0)
    while let begin = find(beginMark, in: bytes, from: position) {
      line += bytes[counted..<begin].count { $0 == newline }
      counted = begin
      let labelStart = begin + beginMark.count
      guard let labelEnd = find(dashes, in: bytes, from: labelStart), labelEnd - labelStart <= longestLabel else {
        throw .badPEM("the BEGIN line is not closed by five dashes", line: line)
      }
      let label = String(decoding: bytes[labelStart..<labelEnd], as: UTF8.self)
      let endMark = Array("-----END \(label)-----".utf8)
      let bodyStart = labelEnd + dashes.count
      guard let end = find(endMark, in: bytes, from: bodyStart) else {
        throw .badPEM("no END line follows BEGIN \(label.prefix(64)): the text is cut off", line: line)
      }
      if isWanted(label) {
        blocks.append(PEMBlock(label: label, bytes: try decode(bytes[bodyStart..<end], line: line)))
      }
      position = end + endMark.count
    }
    return blocks
  }

  /// The certificates among the blocks; other blocks are passed over.
  ///
  /// - Throws: ``CertificateError`` for a damaged block or certificate.
  package static func certificates(in text: some Collection<UInt8>) throws(CertificateError) -> [Certificate] {
    var certificates: [Certificate] = []
    for block in try blocks(in: text, where: certificateLabels.contains) {
      certificates.append(try Certificate(derEncoded: block.bytes))
    }
    return certificates
  }

  private static func decode(_ body: ArraySlice<UInt8>, line: Int) throws(CertificateError) -> [UInt8] {
    var base64: [UInt8] = []
    base64.reserveCapacity(body.count)
    for byte in body where !isSpace(byte) { base64.append(byte) }
    guard !base64.isEmpty else { throw .badPEM("the block is empty", line: line) }
    guard let data = Data(base64Encoded: Data(base64)) else {
      throw .badPEM("the block holds something other than Base64", line: line)
    }
    return Array(data)
  }

  /// Turns written-out `\n`, `\r`, `\\n`, … into line breaks; Base64 and the marks hold no backslash, so nothing else changes.
  private static func unescaped(_ text: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var inEscape = false
    for byte in text {
      switch byte {
      case UInt8(ascii: "\\"):
        inEscape = true
      case UInt8(ascii: "n") where inEscape, UInt8(ascii: "r") where inEscape:
        result.append(newline)
        inEscape = false
      default:
        result.append(byte)
        inEscape = false
      }
    }
    return result
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= pattern.count else { return nil }
    var position = start
    while position <= bytes.count - pattern.count {
      if bytes[position] == pattern[0], bytes[position..<(position + pattern.count)].elementsEqual(pattern) {
        return position
      }
      position += 1
    }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static let beginMark = Array("-----BEGIN ".utf8)
  private static let dashes = Array("-----".utf8)
  private static let newline = UInt8(ascii: "\n")
  private static let longestLabel = 128
  /// The labels of certificates (RFC 7468, section 5).
  package static let certificateLabels: Set = [PEMBlock.certificateLabel, "X509 CERTIFICATE"]
}
