// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SwiftASN1

/// The value of `PKRoot`: a root certificate taken apart and put together in another order.
///
/// ```
/// PKRoot ::= SEQUENCE {
///   subject Name,
///   key SEQUENCE {
///     version [0] EXPLICIT INTEGER OPTIONAL, serialNumber INTEGER, subjectPublicKeyInfo SubjectPublicKeyInfo,
///     validity [1] EXPLICIT Validity, signatureAlgorithm [2] EXPLICIT AlgorithmIdentifier, signature BIT STRING },
///   extensions [0] EXPLICIT Extensions OPTIONAL }
/// ```
/// Every byte is the certificate's own; only the tags of the validity, the signature algorithm and the extensions
/// differ. Nothing is lost, so that the certificate can be put together again. Version and extensions are left out where
/// the certificate lacks them, which no genuine file has shown.
package struct PSERoot: Hashable, Sendable {
  /// The certificate that these parts are from.
  package let certificate: Certificate

  /// Takes a self-issued certificate.
  ///
  /// - Throws: ``PSEError/unbuildable(part:reason:)`` for one that another name issued, or that holds what a `PKRoot`
  ///   has no place for.
  package init(_ certificate: Certificate) throws(PSEError) {
    guard certificate.isSelfIssued else {
      throw .unbuildable(part: "root", reason: "\(certificate.subject) is issued by another, \(certificate.issuer)")
    }
    do {
      var serializer = DER.Serializer()
      try Self.parts(of: certificate, into: &serializer, tag: .sequence)
      // Unique identifiers and unlike signature algorithms have no place in a PKRoot: found out by the way back.
      guard try Self(derEncoded: serializer.serializedBytes).certificate == certificate else {
        throw PSEError.malformed(place: "", reason: "parts would be lost")
      }
    } catch {
      throw .unbuildable(part: "root", reason: "\(certificate.subject) is a certificate that PKRoot cannot hold")
    }
    self.certificate = certificate
  }

  private static func parts(
    of certificate: Certificate, into coder: inout DER.Serializer, tag: ASN1Identifier
  ) throws {
    let parts = certificate.parts
    coder.appendConstructedNode(identifier: tag) { coder in
      coder.serializeRawBytes(parts.subject.encodedBytes)
      coder.appendConstructedNode(identifier: .sequence) { coder in
        if let version = parts.version { coder.serializeRawBytes(version.encodedBytes) }
        coder.serializeRawBytes(parts.serialNumber.encodedBytes)
        coder.serializeRawBytes(parts.subjectPublicKeyInfo.encodedBytes)
        coder.appendConstructedNode(identifier: .context(1)) { $0.serializeRawBytes(parts.validity.encodedBytes) }
        coder.appendConstructedNode(identifier: .context(2)) {
          $0.serializeRawBytes(parts.signatureAlgorithm.encodedBytes)
        }
        coder.serializeRawBytes(parts.signature.encodedBytes)
      }
      if case .constructed(let extensions) = parts.extensions?.content {
        coder.appendConstructedNode(identifier: .context(0)) { coder in
          for element in extensions { coder.serializeRawBytes(element.encodedBytes) }
        }
      }
    }
  }
}

extension PSERoot: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    let (subject, key, extensions) = try DER.sequence(node, identifier: tag) { nodes in
      (
        try Self.next(&nodes, "subject"), try Self.next(&nodes, "key"),
        try DER.optionalExplicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { $0 }
      )
    }
    var serializer = DER.Serializer()
    try DER.sequence(key, identifier: .sequence) { nodes in
      let version = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { $0 }
      let serialNumber = try Self.next(&nodes, "serial number")
      let publicKey = try Self.next(&nodes, "public key")
      let validity = try DER.explicitlyTagged(&nodes, tagNumber: 1, tagClass: .contextSpecific) { $0 }
      let algorithm = try DER.explicitlyTagged(&nodes, tagNumber: 2, tagClass: .contextSpecific) { $0 }
      let signature = try Self.next(&nodes, "signature")
      serializer.appendConstructedNode(identifier: .sequence) { coder in
        coder.appendConstructedNode(identifier: .sequence) { coder in
          if let version {
            coder.appendConstructedNode(identifier: .context(0)) { $0.serializeRawBytes(version.encodedBytes) }
          }
          for part in [serialNumber, algorithm, subject, validity, subject, publicKey] {
            coder.serializeRawBytes(part.encodedBytes)
          }
          if let extensions {
            coder.appendConstructedNode(identifier: .context(3)) { $0.serializeRawBytes(extensions.encodedBytes) }
          }
        }
        coder.serializeRawBytes(algorithm.encodedBytes)
        coder.serializeRawBytes(signature.encodedBytes)
      }
    }
    certificate = try Certificate(derEncoded: serializer.serializedBytes)
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try Self.parts(of: certificate, into: &coder, tag: tag)
  }

  private static func next(_ nodes: inout ASN1NodeCollection.Iterator, _ name: String) throws -> ASN1Node {
    guard let node = nodes.next() else { throw PSEError.malformed(place: name, reason: "it is missing") }
    return node
  }
}

extension ASN1Identifier {
  static func context(_ number: UInt) -> ASN1Identifier {
    ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
  }
}
