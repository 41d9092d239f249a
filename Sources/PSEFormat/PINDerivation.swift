// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// How a key comes from a PIN: `pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }`
/// (RFC 7292, appendix C).
package struct PINDerivation: Hashable, Sendable {
  /// 8 bytes in every file seen.
  package let salt: [UInt8]
  package let iterations: Int

  package init(salt: [UInt8], iterations: Int = usualIterations) {
    self.salt = salt
    self.iterations = iterations
  }

  /// What SAP's tools write.
  package static let usualIterations = 10_000
  /// In bytes.
  package static let usualSaltLength = 8
  /// The largest salt that is read, in bytes.
  static let saltLimit = 64
  /// The most iterations that are read: a hostile file must not keep a processor busy for hours.
  ///
  /// A hundred times SAP's number, which costs about a second.
  static let iterationLimit = 1_000_000
}

extension PINDerivation: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (salt, iterations) = try DER.sequence(node, identifier: tag) { nodes in
      (Array(try ASN1OctetString(derEncoded: &nodes).bytes), try Int(derEncoded: &nodes))
    }
    guard salt.count <= Self.saltLimit else {
      throw PSEError.malformed(place: "salt", reason: "\(salt.count) bytes are more than \(Self.saltLimit)")
    }
    guard (1...Self.iterationLimit).contains(iterations) else {
      throw PSEError.malformed(place: "iterations", reason: "the number is not from 1 to \(Self.iterationLimit)")
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(ASN1OctetString(contentBytes: salt[...]))
      try coder.serialize(iterations)
    }
  }
}
