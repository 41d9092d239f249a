// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SwiftASN1

/// The value of `PKList`: `SET OF Certificate`, what the owner of the PSE trusts.
///
/// Writers of about 2002 stored only the to-be-signed part of each certificate; that is read, and never written anew.
package struct PSETrustList: Hashable, Sendable {
  package enum Entry: Hashable, Sendable {
    case certificate(Certificate)
    /// A `TBSCertificate` without its signature, DER.
    case toBeSigned([UInt8])

    /// What an entry without signature says; nil for a whole certificate, and for bytes that say nothing readable.
    package var unsigned: UnsignedCertificate? {
      guard case .toBeSigned(let bytes) = self else { return nil }
      do {
        return try UnsignedCertificate(derEncoded: bytes)
      } catch {
        // It stays in the list under its number: a file is not refused for an entry that nobody can use anyway.
        return nil
      }
    }

    /// The entry as it stands in the file.
    package var derBytes: [UInt8] {
      switch self {
      case .certificate(let certificate): certificate.derBytes
      case .toBeSigned(let bytes): bytes
      }
    }
  }

  /// As found in the file; sorted by encoding when made here.
  package let entries: [Entry]

  /// Takes certificates in any order and drops repeated ones.
  package init(_ certificates: [Certificate]) {
    entries = Set(certificates).map(Entry.certificate).sortedForSet(by: \.derBytes)
  }

  /// Takes entries of a list that was read, and of others, in any order and drops repeated ones.
  package init(entries: [Entry]) {
    self.entries = Array(Set(entries)).sortedForSet(by: \.derBytes)
  }

  /// The entries that are whole certificates.
  package var certificates: [Certificate] { Self.certificates(in: entries) }

  /// A list with further certificates, each once; a whole one takes the place of its own entry without signature.
  ///
  /// - Parameters:
  ///   - certificates: In any order; those that are in the list already change nothing.
  ///   - entries: The list so far.
  /// - Returns: All entries, in no certain order, and how many certificates are new among them.
  package static func adding(_ certificates: [Certificate], to entries: [Entry]) -> (entries: [Entry], added: Int) {
    let unsigned = Set(certificates.map { Entry.toBeSigned(Array($0.parts.toBeSigned.encodedBytes)) })
    let added = Set(certificates.map(Entry.certificate)).subtracting(entries)
    return (entries.filter { !unsigned.contains($0) } + added, added.count)
  }

  /// Those of `entries` that are whole certificates.
  package static func certificates(in entries: [Entry]) -> [Certificate] {
    entries.compactMap { if case .certificate(let certificate) = $0 { certificate } else { nil } }
  }
}

extension PSETrustList.Entry: DERParseable, DERSerializable {
  package init(derEncoded node: ASN1Node) throws {
    guard node.identifier == .sequence, case .constructed(let nodes) = node.content else {
      throw ASN1Error.unexpectedFieldType(node.identifier)
    }
    // A certificate begins with the to-be-signed SEQUENCE; that one with its version or serial number.
    let first = nodes.first { _ in true }
    if first?.identifier == .integer || first?.identifier == .context(0) {
      self = .toBeSigned(Array(node.encodedBytes))
    } else {
      self = .certificate(try Certificate(derEncoded: node))
    }
  }

  package func serialize(into coder: inout DER.Serializer) throws { coder.serializeRawBytes(derBytes) }
}

extension PSETrustList: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .set }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    guard node.identifier == tag, case .constructed(let nodes) = node.content else {
      throw ASN1Error.unexpectedFieldType(node.identifier)
    }
    entries = try nodes.enumerated().map { index, node in
      try PSEError.within("certificate \(index + 1)") { try Entry(derEncoded: node) }
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.serializeSequenceOf(entries, identifier: tag)
  }
}
