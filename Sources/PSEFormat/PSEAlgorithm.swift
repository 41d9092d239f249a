// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// `AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }` (RFC 5280, section 4.1.1.2).
///
/// A PSE names one even where nothing is encrypted.
package struct PSEAlgorithm: Hashable, Sendable {
  package let identifier: ASN1ObjectIdentifier
  /// The encoded parameters as found.
  package let parameters: [UInt8]?

  package init(identifier: ASN1ObjectIdentifier, parameters: [UInt8]?) {
    self.identifier = identifier
    self.parameters = parameters
  }

  /// The password-based encryption that SAP's tools name in every file: key and vector from a PIN with SHA-1, then
  /// three-key triple DES in CBC mode (RFC 7292, appendix C).
  package static func pinEncryption(_ derivation: PINDerivation) throws -> PSEAlgorithm {
    var serializer = DER.Serializer()
    try serializer.serialize(derivation)
    return PSEAlgorithm(identifier: .pbeWithSHA1And3KeyTripleDESCBC, parameters: serializer.serializedBytes)
  }

  /// Salt and iterations where the algorithm is the one of ``pinEncryption(_:)``; `nil` for any other.
  package var pinDerivation: PINDerivation? {
    get throws {
      guard identifier == .pbeWithSHA1And3KeyTripleDESCBC else { return nil }
      guard let parameters else {
        throw PSEError.malformed(place: "algorithm", reason: "salt and iterations are missing")
      }
      return try PSEError.within("algorithm") { try PINDerivation(derEncoded: parameters) }
    }
  }
}

extension PSEAlgorithm: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (identifier, parameters) = try DER.sequence(node, identifier: tag) { nodes in
      (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next().map { Array($0.encodedBytes) })
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(identifier)
      if let parameters { coder.serializeRawBytes(parameters) }
    }
  }
}

extension ASN1ObjectIdentifier {
  /// `{iso(1) member-body(2) us(840) rsadsi(113549) pkcs(1) pkcs-12(12) pbe(1) 3}` (RFC 7292, appendix C).
  package static let pbeWithSHA1And3KeyTripleDESCBC: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 12, 1, 3]
}
