// SPDX-License-Identifier: Apache-2.0

/// The text of a service key file without what tools put around the JSON.
struct ServiceKeyText {
  /// UTF-8.
  private(set) var json: [UInt8]
  /// The name in the heading of `cf service-key`.
  private(set) var keyName: String?
  private(set) var hasHeading = false

  init(_ bytes: [UInt8]) throws(ServiceKeyError) {
    guard bytes.count <= JSONValue.sizeLimit else { throw .tooLarge(limit: JSONValue.sizeLimit) }
    let text = try Self.utf8(bytes)
    guard let first = text.firstIndex(where: { !Self.isSpace($0) }) else { throw .empty }
    json = Array(text[first...])
    guard let start = json.first, !Self.opening.contains(start) else { return }
    try dropHeading()
  }

  /// Windows PowerShell writes redirected output as UTF-16 with a byte order mark; editors add one to UTF-8.
  private static func utf8(_ bytes: [UInt8]) throws(ServiceKeyError) -> [UInt8] {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      let isLittle = bytes[0] == 0xFF
      let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
        let (low, high) = isLittle ? (bytes[index], bytes[index + 1]) : (bytes[index + 1], bytes[index])
        return UInt16(high) << 8 | UInt16(low)
      }
      guard bytes.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) else { throw .notText }
      return Array(text.utf8)
    }
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    guard String(validating: content, as: UTF8.self) != nil else { throw .notText }
    return content
  }

  /// Drops lines up to the first that begins with a brace, as `cf service-key` prints them.
  private mutating func dropHeading() throws(ServiceKeyError) {
    let lines = json.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let isStart = { (line: ArraySlice<UInt8>) in line.first { !Self.isSpace($0) }.map(Self.opening.contains) == true }
    guard let start = lines.prefix(Self.longestHeading).first(where: isStart) else {
      let begin = Array("-----BEGIN ".utf8)
      throw json.starts(with: begin) ? .pemText : .notJSON(place: "line 1, column 1")
    }
    hasHeading = true
    // Looking for the words takes time by the square of the length.
    let heading = lines.first.flatMap { $0.count <= Self.longestLine ? String(decoding: $0, as: UTF8.self) : nil }
    if let found = heading?.wholeMatch(of: /Getting key (.+) for service instance .+ as .+\s*/) {
      keyName = String(found.1)
    }
    json = Array(json[start.startIndex...])
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static let opening: [UInt8] = [UInt8(ascii: "{"), UInt8(ascii: "[")]
  private static let longestHeading = 10
  /// In bytes.
  private static let longestLine = 1000
}
