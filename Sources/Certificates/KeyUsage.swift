// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// What a certificate's key may do (RFC 5280, section 4.2.1.3).
package struct KeyUsage: OptionSet, Hashable, Sendable {
  /// Bit 0 of the BIT STRING is the most significant bit.
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  init(_ bits: ASN1BitString) {
    var value: UInt16 = 0
    for (index, byte) in bits.bytes.prefix(2).enumerated() { value |= UInt16(byte) << (8 * (1 - index)) }
    rawValue = value
  }

  package static let digitalSignature = KeyUsage(rawValue: 0x8000)
  package static let contentCommitment = KeyUsage(rawValue: 0x4000)
  package static let keyEncipherment = KeyUsage(rawValue: 0x2000)
  package static let dataEncipherment = KeyUsage(rawValue: 0x1000)
  package static let keyAgreement = KeyUsage(rawValue: 0x0800)
  package static let certificateSigning = KeyUsage(rawValue: 0x0400)
  package static let revocationListSigning = KeyUsage(rawValue: 0x0200)
}
