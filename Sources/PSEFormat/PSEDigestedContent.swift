// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// The body of a version 4 file, tagged `[3] IMPLICIT`:
/// `SEQUENCE { protection INTEGER, algorithm AlgorithmIdentifier, content OCTET STRING, digest OCTET STRING (20) }`.
package struct PSEDigestedContent: Hashable, Sendable {
  package enum Protection: Int, Sendable {
    /// `content` is the encoded content itself.
    case none = 0
    /// `content` is encrypted with a PIN.
    case pin = 1
  }

  package let protection: Protection
  package let algorithm: PSEAlgorithm
  /// The encoded content, in the clear or encrypted.
  package let content: [UInt8]
  /// SHA-1 of the encoded content before encryption.
  ///
  /// This room does no cryptography: whoever can compute one compares it.
  package let digest: [UInt8]

  package init(protection: Protection, algorithm: PSEAlgorithm, content: [UInt8], digest: [UInt8]) {
    self.protection = protection
    self.algorithm = algorithm
    self.content = content
    self.digest = digest
  }

  /// Of SHA-1, in bytes.
  private static let digestLength = 20
}

extension PSEDigestedContent: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .context(3) }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (protection, algorithm, content, digest) = try DER.sequence(node, identifier: tag) { nodes in
      guard let protection = Protection(rawValue: try Int(derEncoded: &nodes)) else {
        throw PSEError.malformed(place: "protection", reason: "it is neither 0 (no PIN) nor 1 (PIN)")
      }
      return (
        protection, try PSEAlgorithm(derEncoded: &nodes), Array(try ASN1OctetString(derEncoded: &nodes).bytes),
        Array(try ASN1OctetString(derEncoded: &nodes).bytes)
      )
    }
    guard digest.count == Self.digestLength else {
      throw PSEError.malformed(place: "digest", reason: "it has \(digest.count) bytes instead of \(Self.digestLength)")
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(protection.rawValue)
      try coder.serialize(algorithm)
      try coder.serialize(ASN1OctetString(contentBytes: content[...]))
      try coder.serialize(ASN1OctetString(contentBytes: digest[...]))
    }
  }
}
