// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SwiftASN1

/// The value of `CertList`: `SET OF Certificate`.
package struct PSECertificateSet: Hashable, Sendable {
  /// As found in the file; sorted by encoding when made here, as DER demands (X.690, section 11.6).
  package let certificates: [Certificate]

  /// Takes certificates in any order and drops repeated ones.
  package init(_ certificates: [Certificate]) {
    self.certificates = Array(Set(certificates)).sortedForSet { $0.derBytes }
  }
}

extension PSECertificateSet: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .set }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    guard node.identifier == tag, case .constructed(let nodes) = node.content else {
      throw ASN1Error.unexpectedFieldType(node.identifier)
    }
    certificates = try nodes.enumerated().map { index, node in
      try PSEError.within("certificate \(index + 1)") { try Certificate(derEncoded: node) }
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    // Not `serializeSetOf`: a file whose writer sorted otherwise is to stay as it is.
    try coder.serializeSequenceOf(certificates, identifier: tag)
  }
}

extension Array {
  /// The order of a SET OF in DER: ascending by encoding, the shorter one first where one continues the other.
  ///
  /// DER pads the shorter encoding with zero bytes for the comparison, which gives the same order, since no encoding is
  /// the beginning of another.
  func sortedForSet(by encoding: (Element) -> [UInt8]) -> [Element] {
    map { (element: $0, encoding: encoding($0)) }
      .sorted { $0.encoding.lexicographicallyPrecedes($1.encoding) }
      .map(\.element)
  }
}
