// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SwiftASN1

/// The value of `FCPath`: the issuers between the own certificate and its root.
///
/// `ForwardCertificationPath ::= SEQUENCE OF CrossCertificates`, `CrossCertificates ::= SET OF Certificate` (X.509 of
/// 1988, section 3.3). No genuine file with this object has been seen: that each set holds one certificate and that
/// the nearest issuer stands first follows X.509 alone.
package struct PSEForwardPath: Hashable, Sendable {
  /// One element per step from the own certificate up; more than one certificate where several say the same.
  package let steps: [PSECertificateSet]

  /// Takes the issuers in their order, the nearest first.
  package init(_ issuers: [Certificate]) {
    steps = issuers.map { PSECertificateSet([$0]) }
  }

  /// The certificates of all steps.
  package var certificates: [Certificate] { steps.flatMap(\.certificates) }
}

extension PSEForwardPath: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    guard node.identifier == tag, case .constructed(let nodes) = node.content else {
      throw ASN1Error.unexpectedFieldType(node.identifier)
    }
    steps = try nodes.enumerated().map { index, node in
      try PSEError.within("step \(index + 1)") { try PSECertificateSet(derEncoded: node) }
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.serializeSequenceOf(steps, identifier: tag)
  }
}
