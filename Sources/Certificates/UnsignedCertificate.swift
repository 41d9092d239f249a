// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// What a certificate says before anybody has signed it: a `TBSCertificate` by itself (RFC 5280, section 4.1.2).
///
/// It proves nothing, and can only be shown.
package struct UnsignedCertificate: Hashable, Sendable {
  package let subject: DistinguishedName
  package let issuer: DistinguishedName
  package let serialNumber: SerialNumber
  package let validity: Validity
  package let publicKey: PublicKeyInfo
  package let extensions: CertificateExtensions

  /// Reads a to-be-signed part, DER.
  ///
  /// - Throws: ``CertificateError``.
  package init(derEncoded toBeSigned: [UInt8]) throws(CertificateError) {
    // What reads whole certificates reads this, too, once something stands where algorithm and signature would.
    var serializer = DER.Serializer()
    serializer.appendConstructedNode(identifier: .sequence) { coder in
      coder.serializeRawBytes(toBeSigned)
      coder.appendConstructedNode(identifier: .sequence) { _ in }
      coder.appendPrimitiveNode(identifier: .bitString) { $0.append(0) }
    }
    // No Array, for which the library has an initializer of its own, with other errors.
    let certificate = try Certificate(derEncoded: ContiguousArray(serializer.serializedBytes))
    subject = certificate.subject
    issuer = certificate.issuer
    serialNumber = certificate.serialNumber
    validity = certificate.validity
    publicKey = certificate.publicKey
    extensions = certificate.extensions
  }
}
