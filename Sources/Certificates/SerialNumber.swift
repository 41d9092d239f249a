// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// A certificate's serial number: an integer of any length in use, two's complement, most significant byte first.
package struct SerialNumber: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

  init(derEncoded node: ASN1Node) throws {
    guard case .primitive(let content) = node.content, !content.isEmpty else {
      throw CertificateError.malformed("the serial number is empty")
    }
    self.bytes = Array(content)
  }
}

extension SerialNumber: CustomStringConvertible {
  /// `0A:1B:2C`, as browsers and `openssl x509 -text` print it; a long hostile one is cut.
  package var description: String {
    let significant = bytes.count > 1 && bytes[0] == 0 ? bytes.dropFirst() : bytes[...]
    let text = significant.prefix(64).map { Hexadecimal.upper($0) }.joined(separator: ":")
    return significant.count > 64 ? text + "…" : text
  }
}
