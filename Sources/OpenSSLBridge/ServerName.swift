// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What a server's certificate has to be made out to.
package enum ServerName: Hashable, Sendable {
  /// A host name in ASCII (A-labels), without a trailing dot.
  case dns(String)
  /// 4 or 16 bytes in network order.
  case ip([UInt8])

  /// Reads a host as it stands in a URL or a configuration: an IPv4 or IPv6 address, with or without brackets, or a
  /// name.
  package init(host: String) {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    if let address = Self.address(bare) {
      self = .ip(address)
    } else {
      self = .dns(bare.hasSuffix(".") ? String(bare.dropLast()) : bare)
    }
  }

  private static func address(_ text: String) -> [UInt8]? {
    guard !text.utf8.contains(0) else { return nil }
    let parsed = unsafe OpenSSLCall.observed { unsafe a2i_IPADDRESS(text) }.result
    guard let parsed = unsafe parsed else { return nil }
    defer { unsafe ASN1_OCTET_STRING_free(parsed) }
    return unsafe [UInt8](
      UnsafeBufferPointer(start: ASN1_STRING_get0_data(parsed), count: Int(ASN1_STRING_length(parsed))))
  }
}

extension ServerName: CustomStringConvertible {
  package var description: String {
    switch self {
    case .dns(let name): name
    case .ip(let bytes) where bytes.count == 4: bytes.map(String.init).joined(separator: ".")
    case .ip(let bytes):
      stride(from: 0, to: bytes.count - 1, by: 2)
        .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
    }
  }
}
