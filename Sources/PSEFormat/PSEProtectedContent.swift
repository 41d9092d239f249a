// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// The body of a version 2 file with a PIN, tagged `[0] IMPLICIT`:
/// `SEQUENCE { encryptedPIN OCTET STRING, algorithm AlgorithmIdentifier, cipherText OCTET STRING }`.
///
/// The PIN is encrypted like the content, so that a wrong one is found without decrypting the content.
package struct PSEProtectedContent: Hashable, Sendable {
  package let encryptedPIN: [UInt8]
  package let algorithm: PSEAlgorithm
  /// The content in CBC mode with PKCS #7 padding.
  package let cipherText: [UInt8]

  package init(encryptedPIN: [UInt8], algorithm: PSEAlgorithm, cipherText: [UInt8]) {
    self.encryptedPIN = encryptedPIN
    self.algorithm = algorithm
    self.cipherText = cipherText
  }
}

extension PSEProtectedContent: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .context(0) }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (encryptedPIN, algorithm, cipherText) = try DER.sequence(node, identifier: tag) { nodes in
      (
        Array(try ASN1OctetString(derEncoded: &nodes).bytes), try PSEAlgorithm(derEncoded: &nodes),
        Array(try ASN1OctetString(derEncoded: &nodes).bytes)
      )
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(ASN1OctetString(contentBytes: encryptedPIN[...]))
      try coder.serialize(algorithm)
      try coder.serialize(ASN1OctetString(contentBytes: cipherText[...]))
    }
  }
}
