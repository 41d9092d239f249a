// SPDX-License-Identifier: Apache-2.0

/// Byte strings put together so that no two different sequences give the same bytes: each has its length, as four bytes
/// big endian, before it.
enum LengthPrefixed {
  static func encode(_ parts: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count + 4 })
    for part in parts {
      let count = UInt32(clamping: part.count)
      bytes += [UInt8(count >> 24), UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff)]
      bytes += part
    }
    return bytes
  }
}
