// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// A name in an extension (RFC 5280, section 4.2.1.6); forms that certrotd has no use for are kept as ``other(tag:)``.
package enum GeneralName: Hashable, Sendable {
  case rfc822Name(String)
  case dnsName(String)
  case uniformResourceIdentifier(String)
  /// 4 or 16 bytes in network order.
  case address([UInt8])
  case other(tag: UInt)

  init(derEncoded node: ASN1Node) {
    guard node.identifier.tagClass == .contextSpecific, case .primitive(let bytes) = node.content else {
      self = .other(tag: node.identifier.tagNumber)
      return
    }
    switch node.identifier.tagNumber {
    case 1: self = .rfc822Name(String(decoding: bytes, as: UTF8.self))
    case 2: self = .dnsName(String(decoding: bytes, as: UTF8.self))
    case 6: self = .uniformResourceIdentifier(String(decoding: bytes, as: UTF8.self))
    case 7: self = .address(Array(bytes))
    case let tag: self = .other(tag: tag)
    }
  }

  static func list(_ node: ASN1Node) throws -> [GeneralName] {
    guard node.identifier == .sequence, case .constructed(let members) = node.content else {
      throw CertificateError.malformed("the alternative names are no SEQUENCE")
    }
    return members.map { GeneralName(derEncoded: $0) }
  }
}

extension GeneralName: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rfc822Name(let text): "email:" + DistinguishedNameParser.escape(text)
    case .dnsName(let text): DistinguishedNameParser.escape(text)
    case .uniformResourceIdentifier(let text): DistinguishedNameParser.escape(text)
    case .address(let bytes) where bytes.count == 4: bytes.map(String.init).joined(separator: ".")
    case .address(let bytes): Hexadecimal.lower(bytes)
    case .other(let tag): "[\(tag)]"
    }
  }
}
