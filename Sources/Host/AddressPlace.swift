// SPDX-License-Identifier: Apache-2.0

/// A kind of place where what answers is not meant for strangers; nobody far away may choose such an address for us.
package enum AddressPlace: Hashable, Sendable, CaseIterable {
  /// This host: 127.0.0.0/8 (RFC 1122, section 3.2.1.3), ::1, and what Linux takes for it, 0.0.0.0/8 and ::.
  case loopback
  /// The wire, without a router: 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291); the metadata services of most clouds.
  case linkLocal
  /// A site's own IPv6: fc00::/7 (RFC 4193), fec0::/10; and the IPv4 addresses of other clouds' metadata services.
  case uniqueLocal
}

extension SocketAddress {
  /// Which of these places the address lies in; nil for any other address.
  ///
  /// An IPv4 address within an IPv6 one (RFC 4291, section 2.5.5; RFC 6052) lies where it does by itself.
  package var place: AddressPlace? {
    if family == .ipv4 { return Self.place(ofIPv4: bytes) }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] <= 1 ? .loopback : nil }
    if Self.embeddings.contains(where: { bytes.starts(with: $0) }) {
      return Self.place(ofIPv4: Array(bytes.suffix(4)))
    }
    switch (bytes[0], bytes[1]) {
    case (0xFE, 0x80...0xBF): return .linkLocal
    case (0xFC...0xFD, _), (0xFE, 0xC0...0xFF): return .uniqueLocal
    default: return nil
    }
  }

  private static func place(ofIPv4 bytes: [UInt8]) -> AddressPlace? {
    switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
    case (127, _, _, _), (0, _, _, _): .loopback
    case (169, 254, _, _): .linkLocal
    // IETF protocol assignments (RFC 6890), where one cloud has its metadata; another has them at the second.
    case (192, 0, 0, _), (100, 100, 100, 200): .uniqueLocal
    default: nil
    }
  }

  /// ::/96, ::ffff:0:0/96, 64:ff9b::/96.
  private static let embeddings: [[UInt8]] = [
    [UInt8](repeating: 0, count: 12), [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF],
    [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8),
  ]
}
