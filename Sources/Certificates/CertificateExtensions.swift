// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// The extensions that certrotd reads (RFC 5280, section 4.2).
///
/// One that cannot be read counts as absent and is named in ``unreadable``; path building, which uses the host's
/// OpenSSL, has its own opinion of it.
package struct CertificateExtensions: Hashable, Sendable {
  package struct BasicConstraints: Hashable, Sendable {
    package let isAuthority: Bool
    /// How many issuing certificates may follow; `nil` for any number.
    package let pathLength: Int?
  }

  package private(set) var basicConstraints: BasicConstraints?
  package private(set) var keyUsage: KeyUsage?
  /// Dotted object identifiers; `nil` when every purpose is allowed.
  package private(set) var extendedKeyUsage: [String]?
  package private(set) var subjectAlternativeNames: [GeneralName] = []
  package private(set) var subjectKeyIdentifier: [UInt8]?
  package private(set) var authorityKeyIdentifier: [UInt8]?
  /// Where the issuer's certificate can be fetched (authority information access, RFC 5280, section 4.2.2.1).
  package private(set) var issuerLocations: [String] = []
  /// Dotted object identifiers of extensions with a content that does not fit their type.
  package private(set) var unreadable: [String] = []

  init(derEncoded tagged: ASN1Node?) throws {
    guard let tagged else { return }
    guard case .constructed(let content) = tagged.content else {
      throw CertificateError.malformed("the extensions are empty")
    }
    var outer = content.makeIterator()
    guard let list = outer.next(), list.identifier == .sequence, case .constructed(let members) = list.content else {
      throw CertificateError.malformed("the extensions are no SEQUENCE")
    }
    for member in members {
      let (type, value) = try Self.split(member)
      do {
        try read(type, value)
      } catch {
        unreadable.append(String(describing: type))
      }
    }
  }

  /// Whether the certificate may be used for `purpose`, a dotted object identifier: no extension, the purpose, or any purpose.
  package func allows(purpose: String) -> Bool {
    guard let extendedKeyUsage else { return true }
    return extendedKeyUsage.contains(purpose) || extendedKeyUsage.contains(Self.anyPurpose)
  }

  /// `id-kp-serverAuth` (RFC 5280, section 4.2.1.12).
  package static let serverAuthentication = "1.3.6.1.5.5.7.3.1"
  /// `id-kp-clientAuth` (RFC 5280, section 4.2.1.12).
  package static let clientAuthentication = "1.3.6.1.5.5.7.3.2"
  private static let anyPurpose = "2.5.29.37.0"

  /// `Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }`; a
  /// `critical` that spells out its default occurs in the wild and is read.
  private static func split(_ node: ASN1Node) throws -> (ASN1ObjectIdentifier, ArraySlice<UInt8>) {
    try DER.sequence(node, identifier: .sequence) { nodes in
      let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
      var value = nodes.next()
      if value?.identifier == .boolean { value = nodes.next() }
      guard let value else { throw CertificateError.malformed("an extension has no value") }
      return (type, try ASN1OctetString(derEncoded: value).bytes)
    }
  }

  private mutating func read(_ type: ASN1ObjectIdentifier, _ value: ArraySlice<UInt8>) throws {
    switch type {
    case [2, 5, 29, 19]: basicConstraints = try Self.basicConstraints(DER.parse(value))
    case [2, 5, 29, 15]: keyUsage = KeyUsage(try ASN1BitString(derEncoded: DER.parse(value)))
    case [2, 5, 29, 37]:
      extendedKeyUsage = try DER.sequence(
        of: ASN1ObjectIdentifier.self, identifier: .sequence, rootNode: DER.parse(value)
      ).map { String(describing: $0) }
    case [2, 5, 29, 17]: subjectAlternativeNames = try GeneralName.list(DER.parse(value))
    case [2, 5, 29, 14]: subjectKeyIdentifier = Array(try ASN1OctetString(derEncoded: DER.parse(value)).bytes)
    case [2, 5, 29, 35]: authorityKeyIdentifier = try Self.keyIdentifier(DER.parse(value))
    case [1, 3, 6, 1, 5, 5, 7, 1, 1]: issuerLocations = try Self.issuerLocations(DER.parse(value))
    default: break
    }
  }

  /// `BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }`.
  private static func basicConstraints(_ node: ASN1Node) throws -> BasicConstraints {
    try DER.sequence(node, identifier: .sequence) { nodes in
      var isAuthority = false
      var next = nodes.next()
      if let flag = next, flag.identifier == .boolean {
        isAuthority = try Bool(derEncoded: flag)
        next = nodes.next()
      }
      return BasicConstraints(isAuthority: isAuthority, pathLength: try next.map { try Int(derEncoded: $0) })
    }
  }

  /// `AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] IMPLICIT OCTET STRING OPTIONAL, … }`.
  private static func keyIdentifier(_ node: ASN1Node) throws -> [UInt8]? {
    guard node.identifier == .sequence, case .constructed(let members) = node.content else {
      throw CertificateError.malformed("the authority key identifier is no SEQUENCE")
    }
    for member in members where member.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific) {
      guard case .primitive(let bytes) = member.content else { continue }
      return Array(bytes)
    }
    return nil
  }

  /// `AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }`.
  private static func issuerLocations(_ node: ASN1Node) throws -> [String] {
    guard node.identifier == .sequence, case .constructed(let members) = node.content else {
      throw CertificateError.malformed("the authority information access is no SEQUENCE")
    }
    return try members.compactMap { member in
      try DER.sequence(member, identifier: .sequence) { nodes in
        let method = try ASN1ObjectIdentifier(derEncoded: &nodes)
        guard let location = nodes.next(), method == [1, 3, 6, 1, 5, 5, 7, 48, 2],
          case .uniformResourceIdentifier(let text) = GeneralName(derEncoded: location)
        else { return nil }
        return text
      }
    }
  }
}
