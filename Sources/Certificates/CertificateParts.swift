// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// A certificate's pieces as encoded nodes.
///
/// ```
/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
/// TBSCertificate ::= SEQUENCE {
///   version [0] EXPLICIT INTEGER DEFAULT v1, serialNumber INTEGER, signature AlgorithmIdentifier,
///   issuer Name, validity Validity, subject Name, subjectPublicKeyInfo SubjectPublicKeyInfo,
///   issuerUniqueID [1] IMPLICIT BIT STRING OPTIONAL, subjectUniqueID [2] IMPLICIT BIT STRING OPTIONAL,
///   extensions [3] EXPLICIT Extensions OPTIONAL }
/// ```
/// RFC 5280, section 4.1.
package struct CertificateParts: Hashable, Sendable {
  /// The to-be-signed part.
  package let toBeSigned: ASN1Node
  /// The explicit `[0]` element; absent in version 1.
  package let version: ASN1Node?
  package let serialNumber: ASN1Node
  package let issuer: ASN1Node
  package let validity: ASN1Node
  package let subject: ASN1Node
  package let subjectPublicKeyInfo: ASN1Node
  /// The explicit `[3]` element with its `Extensions` inside; absent before version 3.
  package let extensions: ASN1Node?
  package let signatureAlgorithm: ASN1Node
  package let signature: ASN1Node

  init(derEncoded rootNode: ASN1Node) throws {
    guard rootNode.identifier == .sequence, case .constructed(let outer) = rootNode.content else {
      throw CertificateError.malformed("the outermost element is no SEQUENCE")
    }
    var fields = Fields(outer.makeIterator())
    toBeSigned = try fields.next("tbsCertificate", .sequence)
    signatureAlgorithm = try fields.next("signatureAlgorithm", .sequence)
    signature = try fields.next("signatureValue", .bitString)
    try fields.end()

    guard case .constructed(let inner) = toBeSigned.content else {
      throw CertificateError.malformed("tbsCertificate is empty")
    }
    fields = Fields(inner.makeIterator())
    version = fields.nextIfTagged(0)
    serialNumber = try fields.next("serialNumber", .integer)
    _ = try fields.next("signature", .sequence)
    issuer = try fields.next("issuer", .sequence)
    validity = try fields.next("validity", .sequence)
    subject = try fields.next("subject", .sequence)
    subjectPublicKeyInfo = try fields.next("subjectPublicKeyInfo", .sequence)
    _ = fields.nextIfTagged(1)
    _ = fields.nextIfTagged(2)
    extensions = fields.nextIfTagged(3)
    try fields.end()
  }

  /// Walks the elements of a SEQUENCE with one element of foresight.
  private struct Fields {
    private var iterator: ASN1NodeCollection.Iterator
    private var upcoming: ASN1Node?

    init(_ iterator: ASN1NodeCollection.Iterator) {
      self.iterator = iterator
      self.upcoming = self.iterator.next()
    }

    mutating func next(_ name: String, _ identifier: ASN1Identifier) throws -> ASN1Node {
      guard let node = upcoming, node.identifier == identifier else {
        throw CertificateError.malformed("\(name) is missing")
      }
      upcoming = iterator.next()
      return node
    }

    mutating func nextIfTagged(_ number: UInt) -> ASN1Node? {
      guard let node = upcoming, node.identifier.tagClass == .contextSpecific, node.identifier.tagNumber == number
      else { return nil }
      upcoming = iterator.next()
      return node
    }

    func end() throws {
      guard upcoming == nil else { throw CertificateError.malformed("there is an element too many") }
    }
  }
}
