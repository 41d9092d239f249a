// SPDX-License-Identifier: Apache-2.0

/// An IP address, or a network of them in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3).
struct AddressRange: Hashable {
  /// Four or sixteen bytes, most significant first.
  let bytes: [UInt8]
  /// Number of leading bits that count.
  let prefixLength: Int

  /// - Parameter text: `192.0.2.7`, `2001:db8::1`, either with `/LENGTH` behind; no brackets, no zone.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let bytes = Self.parseIPv4(first) ?? Self.parseIPv6(first) else { return nil }
    self.bytes = bytes
    guard parts.count > 1 else {
      prefixLength = bytes.count * 8
      return
    }
    guard let length = Int(parts[1]), (0...bytes.count * 8).contains(length), parts[1].first != "+" else { return nil }
    prefixLength = length
  }

  /// Whether this is one address.
  var isSingle: Bool {
    prefixLength == bytes.count * 8
  }

  /// Whether an address lies in this network.
  func contains(_ address: AddressRange) -> Bool {
    guard bytes.count == address.bytes.count else { return false }
    return bytes.indices.allSatisfy { index in
      let bits = min(max(prefixLength - index * 8, 0), 8)
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
      return bytes[index] & mask == address.bytes[index] & mask
    }
  }

  private static func parseIPv4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // A leading zero means octal to some programs and decimal to others.
      guard part.allSatisfy({ $0.isASCII && $0.isNumber }), part == "0" || part.first != "0" else { return nil }
      guard let byte = UInt8(part) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func parseIPv6(_ text: some StringProtocol) -> [UInt8]? {
    guard text.contains(":") else { return nil }
    let text = String(text)
    guard let gap = text.firstRange(of: "::") else {
      guard let bytes = groups(text[...]), bytes.count == 16 else { return nil }
      return bytes
    }
    guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]) else { return nil }
    guard head.count + tail.count <= 14 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of colon-separated groups, the last of which may be an IPv4 address.
  private static func groups(_ text: Substring) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains("."), let ending = parseIPv4(part) {
        bytes += ending
        continue
      }
      guard (1...4).contains(part.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
      guard let group = UInt16(part, radix: 16) else { return nil }
      bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
    }
    return bytes
  }
}
