// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// An X.509 certificate as it was encoded, with the parts that certrotd reads (RFC 5280, section 4.1).
///
/// Two certificates are equal when their encodings are. Parsing proves the structure only: whether a certificate is
/// to be trusted is for path building to say.
package struct Certificate: Sendable {
  /// The whole certificate as it was received, DER.
  package let derBytes: [UInt8]
  package let subject: DistinguishedName
  package let issuer: DistinguishedName
  package let serialNumber: SerialNumber
  package let validity: Validity
  package let publicKey: PublicKeyInfo
  package let extensions: CertificateExtensions
  /// The certificate taken apart into its encoded pieces, for formats that store it that way.
  package let parts: CertificateParts

  /// Reads one certificate.
  ///
  /// - Throws: ``CertificateError`` when the bytes are not exactly one X.509 certificate.
  package init(derEncoded bytes: some Collection<UInt8>) throws(CertificateError) {
    let bytes = Array(bytes)
    guard bytes.count <= Self.sizeLimit else { throw .tooLarge(bytes: bytes.count) }
    do {
      try self.init(node: try DER.parse(bytes))
    } catch let error as CertificateError {
      throw error
    } catch let error as ASN1Error {
      throw .malformed(error.reason)
    } catch {
      throw .malformed(String(describing: error))
    }
  }

  init(node: ASN1Node) throws {
    let parts = try CertificateParts(derEncoded: node)
    self.derBytes = Array(node.encodedBytes)
    self.parts = parts
    self.subject = try DistinguishedName(derEncoded: parts.subject)
    self.issuer = try DistinguishedName(derEncoded: parts.issuer)
    self.serialNumber = try SerialNumber(derEncoded: parts.serialNumber)
    self.validity = try Validity(derEncoded: parts.validity)
    self.publicKey = try PublicKeyInfo(derEncoded: parts.subjectPublicKeyInfo)
    self.extensions = try CertificateExtensions(derEncoded: parts.extensions)
  }

  /// Whether subject and issuer are the same name, as in a root.
  ///
  /// The signature is not checked.
  package var isSelfIssued: Bool { subject == issuer }

  /// Whether the certificate may sign others by its basic constraints; version 1 roots, which have none, count when self-issued.
  package var mayIssue: Bool {
    if let constraints = extensions.basicConstraints { return constraints.isAuthority }
    return isSelfIssued && parts.extensions == nil
  }

  /// Whether `other` can be this certificate's issuer by names and, where both are present, key identifiers (RFC 5280,
  /// section 4.2.1.1).
  ///
  /// The signature is not checked.
  package func namesAsIssuer(_ other: Certificate) -> Bool {
    guard issuer == other.subject else { return false }
    guard let wanted = extensions.authorityKeyIdentifier, let offered = other.extensions.subjectKeyIdentifier else {
      return true
    }
    return wanted == offered
  }

  /// Far more than any certificate in use; guards memory against hostile peers.
  ///
  /// In bytes.
  package static let sizeLimit = 256 * 1024
}

extension Certificate: Hashable {
  package static func == (left: Certificate, right: Certificate) -> Bool { left.derBytes == right.derBytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(derBytes) }
}

extension Certificate: DERParseable, DERSerializable {
  package init(derEncoded node: ASN1Node) throws { try self.init(node: node) }

  package func serialize(into coder: inout DER.Serializer) throws { coder.serializeRawBytes(derBytes) }
}
