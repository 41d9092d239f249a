// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import SwiftASN1

/// What a PSE holds, the same in every version and with or without a PIN.
///
/// ```
/// Content ::= SEQUENCE {
///   algorithm AlgorithmIdentifier,      -- present without a PIN too
///   created   GeneralizedTime,
///   keyFlag   INTEGER (1) OPTIONAL,     -- present in files that hold a private key
///   objects   SET OF PSEObject }
/// ```
package struct PSEContent: Hashable, Sendable {
  package let algorithm: PSEAlgorithm
  /// When the file was first made: UTC, whole seconds.
  package let created: Date
  /// 1 in files that hold a private key, absent in SAP's own file that holds none.
  package let keyFlag: Int?
  /// As found in the file; sorted by encoding when made here, as DER demands for a SET OF (X.690, section 11.6).
  package let objects: [PSEObject]

  init(algorithm: PSEAlgorithm, created: Date, keyFlag: Int?, objects: [PSEObject]) throws {
    self.algorithm = algorithm
    self.created = PSETime(created).date
    self.keyFlag = keyFlag
    let encoded = try objects.map { object in
      var serializer = DER.Serializer()
      try serializer.serialize(object)
      return (object: object, bytes: serializer.serializedBytes)
    }
    self.objects = encoded.sortedForSet(by: \.bytes).map(\.object)
  }

  /// Takes objects in an order that is to stay as it is.
  init(algorithm: PSEAlgorithm, created: Date, keyFlag: Int?, keptObjects: [PSEObject]) {
    (self.algorithm, self.created, self.keyFlag, self.objects) = (algorithm, created, keyFlag, keptObjects)
  }

  /// The content as it stands in a file.
  package func derEncoded() throws(PSEError) -> [UInt8] {
    try PSEError.within("Content") {
      var serializer = DER.Serializer()
      try serializer.serialize(self)
      return serializer.serializedBytes
    }
  }

  /// Reads a content by itself, as it comes out of a decrypted or a version 4 file.
  ///
  /// - Throws: ``PSEError/malformed(place:reason:)``.
  package static func read(_ bytes: some Collection<UInt8>) throws(PSEError) -> PSEContent {
    let bytes = Array(bytes)
    try DERBudget.check(bytes)
    return try PSEError.within("Content") { try PSEContent(derEncoded: bytes) }
  }

  /// The most objects that are read; the longest file seen has five.
  private static let objectLimit = 256
}

extension PSEContent {
  /// Whether there is a private key, of whatever kind.
  package var holdsPrivateKey: Bool { privateKey != nil }

  package var privateKey: PSEPrivateKey? {
    first { if case .privateKey(let key) = $0 { key } else { nil } }
  }

  /// The own certificate.
  package var certificate: Certificate? {
    first { if case .certificate(let certificate) = $0 { certificate } else { nil } }
  }

  /// The root of the own certificate.
  package var root: Certificate? {
    first { if case .root(let root) = $0 { root.certificate } else { nil } }
  }

  /// The certificates that may stand between the own one and its root, and the root: those of `FCPath`, `CertList` and
  /// `PKRoot`, each once, without the own one.
  ///
  /// Those that lead up from the own certificate come first, the nearest first; `CertList` itself has no order.
  package var issuers: [Certificate] {
    let found = foundIssuers
    guard let certificate else { return found }
    let path = ChainOrdering.ordered(from: certificate, among: found).dropFirst()
    return path + found.filter { !path.contains($0) }
  }

  private var foundIssuers: [Certificate] {
    var seen: Set<Certificate> = Set(certificate.map { [$0] } ?? [])
    return objects.flatMap { object -> [Certificate] in
      switch object.value {
      case .forwardPath(let path): path.certificates
      case .certificateList(let list): list.certificates
      case .root(let root): [root.certificate]
      default: []
      }
    }.filter { seen.insert($0).inserted }
  }

  /// What the owner trusts, by every trust list; empty when there is none.
  package var trust: [PSETrustList.Entry] {
    objects.flatMap { object -> [PSETrustList.Entry] in
      if case .trustList(let list) = object.value { list.entries } else { [] }
    }
  }

  private func first<Result>(_ pick: (PSEObject.Value) -> Result?) -> Result? {
    for object in objects {
      if let found = pick(object.value) { return found }
    }
    return nil
  }
}

extension PSEContent: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    (algorithm, created, keyFlag, objects) = try DER.sequence(node, identifier: tag) { nodes in
      let algorithm = try PSEAlgorithm(derEncoded: &nodes)
      let created = try PSETime(derEncoded: &nodes).date
      let keyFlag: Int? = try DER.optionalImplicitlyTagged(&nodes)
      guard let set = nodes.next(), set.identifier == .set, case .constructed(let members) = set.content else {
        throw PSEError.malformed(place: "objects", reason: "the SET of objects is missing")
      }
      var objects: [PSEObject] = []
      for member in members {
        guard objects.count < Self.objectLimit else {
          throw PSEError.malformed(place: "objects", reason: "there are more than \(Self.objectLimit)")
        }
        objects.append(
          try PSEError.within("object \(objects.count + 1)") { try PSEObject(derEncoded: member) })
      }
      return (algorithm, created, keyFlag, objects)
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(algorithm)
      try coder.serialize(PSETime(created))
      if let keyFlag { try coder.serialize(keyFlag) }
      // Not `serializeSetOf`: a file whose writer sorted otherwise is to stay as it is.
      try coder.serializeSequenceOf(objects, identifier: .set)
    }
  }
}
