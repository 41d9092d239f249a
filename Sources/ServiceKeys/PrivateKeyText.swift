// SPDX-License-Identifier: Apache-2.0

import Host

/// Brings the text of a private key into the form that every reader of PEM accepts.
///
/// Unlike certificates, keys may have headers (RFC 1421, section 4.6.1.1: `Proc-Type`, `DEK-Info` of an encrypted
/// traditional key), and their text must not stay in ordinary memory.
enum PrivateKeyText {
  /// Whether the text holds a private key of any kind.
  static func isPresent(in text: String) -> Bool {
    text.contains("PRIVATE KEY-----")
  }

  /// The first private key of the text as one PEM block.
  ///
  /// Line breaks may be missing or written out as `\n`, once or twice escaped.
  ///
  /// - Throws: a reason that quotes nothing.
  static func normalized(_ text: String) throws(Problem) -> SecretBytes {
    var bytes = unescaped(text.utf8)
    defer { bytes.overwrite() }
    var begin = bytes.startIndex
    while let mark = bytes[begin...].firstRange(of: beginMark) {
      guard let labelEnd = bytes[mark.upperBound...].firstRange(of: dashes) else { break }
      let label = String(decoding: bytes[mark.upperBound..<labelEnd.lowerBound], as: UTF8.self)
      begin = labelEnd.upperBound
      guard labels.contains(label) else { continue }
      guard let end = bytes[begin...].firstRange(of: Array("-----END \(label)-----".utf8)) else {
        throw Problem(reason: "the private key is cut off: its END line is missing")
      }
      return try block(label, body: bytes[begin..<end.lowerBound])
    }
    throw Problem(reason: "there is no PEM private key")
  }

  struct Problem: Error {
    var reason: String
  }

  private static func block(_ label: String, body: ArraySlice<UInt8>) throws(Problem) -> SecretBytes {
    var result: [UInt8] = []
    // All of it, so that no copy stays behind where the array would have grown.
    result.reserveCapacity(body.count * 2 + 4 * label.utf8.count + 128)
    result += Array("-----BEGIN \(label)-----\n".utf8)
    let lines = body.split { $0 == newline || $0 == UInt8(ascii: "\r") }.filter { line in !line.allSatisfy(isSpace) }
    let headers = lines.prefix { $0.contains(UInt8(ascii: ":")) }
    for header in headers {
      guard header.count < longestHeader else {
        throw Problem(reason: "the line breaks of the encrypted private key are lost")
      }
      result += header + [newline]
    }
    if !headers.isEmpty { result.append(newline) }
    var column = 0
    var count = 0
    for byte in lines.dropFirst(headers.count).joined() where !isSpace(byte) {
      guard isBase64(byte) else { throw Problem(reason: "the private key holds something other than Base64") }
      if column == 64 {
        result.append(newline)
        column = 0
      }
      result.append(byte)
      column += 1
      count += 1
    }
    guard count > 0, count.isMultiple(of: 4) else {
      throw Problem(reason: count == 0 ? "the private key is empty" : "the private key lacks characters")
    }
    result += Array("\n-----END \(label)-----\n".utf8)
    return SecretBytes(cleansing: &result)
  }

  /// Turns written-out line breaks into line breaks; a PEM block holds no other backslash.
  private static func unescaped(_ text: String.UTF8View) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var isEscaped = false
    for byte in text {
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        let isBreak = isEscaped && (byte == UInt8(ascii: "n") || byte == UInt8(ascii: "r"))
        result.append(isBreak ? newline : byte)
        isEscaped = false
      }
    }
    return result
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
      true
    default: false
    }
  }

  private static let beginMark = Array("-----BEGIN ".utf8)
  private static let dashes = Array("-----".utf8)
  private static let newline = UInt8(ascii: "\n")
  private static let longestHeader = 200
  /// RFC 8017, RFC 5915, and RFC 5958 plain and encrypted.
  private static let labels: Set = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
}

extension [UInt8] {
  /// Overwrites the bytes before the memory goes back.
  fileprivate mutating func overwrite() {
    _ = SecretBytes(cleansing: &self)
  }
}
