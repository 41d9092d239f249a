// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// A PSE file: `PSEFile ::= SEQUENCE { version INTEGER, body ANY DEFINED BY version }`.
///
/// Documentation/pse-format.md describes the format as a whole.
package struct PSEFile: Hashable, Sendable {
  package enum Body: Hashable, Sendable {
    /// Version 2 without a PIN, the only form that every consumer reads.
    case plain(PSEContent)
    /// Version 2 with a PIN.
    case protected(PSEProtectedContent)
    /// Version 4, with or without a PIN.
    case digested(PSEDigestedContent)
  }

  package let body: Body

  /// A version 2 file without a PIN.
  package init(_ content: PSEContent) { body = .plain(content) }

  package init(body: Body) { self.body = body }

  /// Reads a whole file.
  ///
  /// - Throws: ``PSEError``; ``PSEError/machineBound`` for version 256. A file with a PIN is read as far as it can be
  ///   without the PIN.
  package init(derEncoded bytes: some Collection<UInt8>) throws(PSEError) {
    guard bytes.count <= Self.sizeLimit else { throw .tooLarge(bytes: bytes.count, limit: Self.sizeLimit) }
    guard bytes.first == Self.sequenceTag else {
      throw .malformed(place: "first byte", reason: bytes.isEmpty ? "the file is empty" : "it begins no SEQUENCE")
    }
    let bytes = Array(bytes)
    try DERBudget.check(bytes)
    self = try PSEError.within("PSE") { try PSEFile(node: try DER.parse(bytes)) }
  }

  /// The number in front of the file.
  package var version: Int {
    switch body {
    case .plain, .protected: 2
    case .digested: 4
    }
  }

  package var isPINProtected: Bool {
    switch body {
    case .plain: false
    case .protected: true
    case .digested(let body): body.protection == .pin
    }
  }

  /// What the file holds.
  ///
  /// - Throws: ``PSEError/pinProtected(version:)`` when a PIN is needed; ``PSEError/malformed(place:reason:)`` for a
  ///   damaged version 4 content.
  package func content() throws(PSEError) -> PSEContent {
    switch body {
    case .plain(let content): return content
    case .protected: throw .pinProtected(version: 2)
    case .digested(let body):
      guard body.protection == .none else { throw .pinProtected(version: 4) }
      return try PSEContent.read(body.content)
    }
  }

  /// The bytes of the file; equal to those that it was read from.
  package func derEncoded() throws(PSEError) -> [UInt8] {
    try PSEError.within("PSE") {
      var serializer = DER.Serializer()
      try serialize(into: &serializer)
      return serializer.serializedBytes
    }
  }

  /// In bytes: room for more than two thousand trusted certificates, and a guard of memory against hostile files.
  package static let sizeLimit = 4 * 1024 * 1024

  private static let sequenceTag: UInt8 = 0x30
}

// No conformance to `DERParseable`: its initializers from bytes would compete with the one above, which limits the size.
extension PSEFile {
  private init(node: ASN1Node) throws {
    body = try DER.sequence(node, identifier: .sequence) { nodes in
      let version = try ArraySlice<UInt8>(derEncoded: &nodes)
      guard let body = nodes.next() else { throw PSEError.malformed(place: "body", reason: "it is missing") }
      switch (Array(version), body.identifier) {
      case ([2], .sequence): return .plain(try PSEError.within("Content") { try PSEContent(derEncoded: body) })
      case ([2], .context(0)): return .protected(try PSEProtectedContent(derEncoded: body))
      case ([4], .context(3)): return .digested(try PSEDigestedContent(derEncoded: body))
      case ([2], _), ([4], _):
        throw PSEError.malformed(place: "body", reason: "its type is none that this version has")
      case ([1, 0], _):
        throw PSEError.machineBound
      default:
        throw PSEError.unknownVersion(Self.decimal(version))
      }
    }
  }

  private func serialize(into coder: inout DER.Serializer) throws {
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(version)
      switch body {
      case .plain(let content): try coder.serialize(content)
      case .protected(let body): try coder.serialize(body)
      case .digested(let body): try coder.serialize(body)
      }
    }
  }

  /// The number in words that an operator can look up; hostile files may hold numbers of any length.
  private static func decimal(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.count <= 4 else { return "of \(bytes.count) bytes" }
    return String(bytes.reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
  }
}
