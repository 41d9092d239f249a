// SPDX-License-Identifier: Apache-2.0

/// Guards memory: the parser keeps some hundred bytes for each element, and a hostile file of a few megabytes can hold
/// millions of them.
enum DERBudget {
  /// Counts the elements that the parser would make, without taking memory for them.
  ///
  /// Where a length leads beyond the end the count stops as the parser does, which then says what is wrong.
  ///
  /// - Throws: ``PSEError/malformed(place:reason:)`` when there are too many.
  static func check(_ bytes: [UInt8]) throws(PSEError) {
    var (position, count) = (0, 0)
    while position < bytes.count {
      count += 1
      guard count <= elementLimit else {
        throw .malformed(place: "elements", reason: "there are more than \(elementLimit)")
      }
      guard let header = header(of: bytes, at: position) else { return }
      let isConstructed = bytes[position] & 0x20 != 0
      position += header.count + (isConstructed ? 0 : header.contentCount)
    }
  }

  /// The bytes of tag and length, and those of the content that they announce; nil when there is no whole header.
  private static func header(of bytes: [UInt8], at start: Int) -> (count: Int, contentCount: Int)? {
    var next = start + 1
    if bytes[start] & 0x1F == 0x1F {
      // A tag of several bytes: the last one has no highest bit (X.690, section 8.1.2.4).
      while next < bytes.count, bytes[next] & 0x80 != 0 { next += 1 }
      next += 1
    }
    guard next < bytes.count else { return nil }
    let first = bytes[next]
    next += 1
    guard first >= 0x80 else { return (next - start, Int(first)) }
    let octets = Int(first & 0x7F)
    guard (1...4).contains(octets), next + octets <= bytes.count else { return nil }
    let length = bytes[next..<(next + octets)].reduce(0) { $0 << 8 | Int($1) }
    return (next + octets - start, length)
  }

  /// A certificate has about a hundred: room for some two thousand trusted ones.
  static let elementLimit = 262_144
}
