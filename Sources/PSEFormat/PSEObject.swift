// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import SwiftASN1

/// One object of a PSE: `SEQUENCE { name PrintableString, created GeneralizedTime, type OBJECT IDENTIFIER, value ANY }`.
package struct PSEObject: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    case privateKey(PSEPrivateKey)
    case certificate(Certificate)
    case root(PSERoot)
    case forwardPath(PSEForwardPath)
    case certificateList(PSECertificateSet)
    case trustList(PSETrustList)
    /// A kind that certrotd does not know, kept as it is.
    case unknown(type: ASN1ObjectIdentifier, der: [UInt8])
  }

  /// What the writer called the object; the type alone decides what it is.
  package let name: String
  /// UTC, whole seconds.
  package let created: Date
  package let value: Value

  /// Gives the object the name that SAP's tools use.
  init(_ type: PSEObjectType, created: Date, value: Value) {
    self.name = type.rawValue
    self.created = PSETime(created).date
    self.value = value
  }

  /// The longest name that is read, in characters; the longest known has twelve.
  private static let nameLimit = 64

  package var type: ASN1ObjectIdentifier {
    switch value {
    case .privateKey: PSEObjectType.privateKey.identifier
    case .certificate: PSEObjectType.certificate.identifier
    case .root: PSEObjectType.root.identifier
    case .forwardPath: PSEObjectType.forwardPath.identifier
    case .certificateList: PSEObjectType.certificateList.identifier
    case .trustList: PSEObjectType.trustList.identifier
    case .unknown(let type, _): type
    }
  }
}

extension PSEObject: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (name, created, value) = try DER.sequence(node, identifier: tag) { nodes in
      let name = String(try ASN1PrintableString(derEncoded: &nodes))
      guard name.utf8.count <= Self.nameLimit else {
        throw PSEError.malformed(place: "object", reason: "its name has \(name.utf8.count) characters")
      }
      return try PSEError.within("object \(name)") {
        let created = try PSETime(derEncoded: &nodes).date
        let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
        guard let value = nodes.next() else { throw PSEError.malformed(place: "value", reason: "it is missing") }
        return (name, created, try Value(type: type, derEncoded: value))
      }
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(ASN1PrintableString(name))
      try coder.serialize(PSETime(created))
      try coder.serialize(type)
      switch value {
      case .privateKey(let value): try coder.serialize(value)
      case .certificate(let value): try coder.serialize(value)
      case .root(let value): try coder.serialize(value)
      case .forwardPath(let value): try coder.serialize(value)
      case .certificateList(let value): try coder.serialize(value)
      case .trustList(let value): try coder.serialize(value)
      case .unknown(_, let bytes): coder.serializeRawBytes(bytes)
      }
    }
  }
}

extension PSEObject.Value {
  fileprivate init(type: ASN1ObjectIdentifier, derEncoded node: ASN1Node) throws {
    switch PSEObjectType(identifier: type) {
    case .privateKey: self = .privateKey(try PSEPrivateKey(derEncoded: node))
    case .certificate: self = .certificate(try Certificate(derEncoded: node))
    case .root: self = .root(try PSERoot(derEncoded: node))
    case .forwardPath: self = .forwardPath(try PSEForwardPath(derEncoded: node))
    case .certificateList: self = .certificateList(try PSECertificateSet(derEncoded: node))
    case .trustList: self = .trustList(try PSETrustList(derEncoded: node))
    case nil: self = .unknown(type: type, der: Array(node.encodedBytes))
    }
  }
}
