// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// The value of `SKnew`: `SEQUENCE { algorithm AlgorithmIdentifier, key BIT STRING }`.
///
/// For RSA the bit string holds ``PSEPrimes``. How other keys are stored no genuine file has shown: they are kept as
/// they are, so that the rest of such a file can still be read.
package enum PSEPrivateKey: Hashable, Sendable {
  case rsa(PSEPrimes)
  /// Another algorithm, with the whole encoded value.
  case other(ASN1ObjectIdentifier, [UInt8])
}

extension PSEPrivateKey {
  /// The primes of an RSA key.
  ///
  /// - Throws: ``PSEError/unsupportedKey(algorithm:)`` for any other kind.
  package func primes() throws(PSEError) -> PSEPrimes {
    switch self {
    case .rsa(let primes): return primes
    case .other(let identifier, _): throw .unsupportedKey(algorithm: Self.name(of: identifier))
    }
  }

  /// The algorithm, for people.
  package var algorithm: String {
    switch self {
    case .rsa: "RSA"
    case .other(let identifier, _): Self.name(of: identifier)
    }
  }

  private static func name(of identifier: ASN1ObjectIdentifier) -> String {
    switch identifier {
    case .AlgorithmIdentifier.idEcPublicKey: "elliptic curve, \(identifier)"
    case .dsa: "DSA, \(identifier)"
    default: "algorithm \(identifier)"
    }
  }
}

extension PSEPrivateKey: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    self = try DER.sequence(node, identifier: tag) { nodes in
      let algorithm = try PSEAlgorithm(derEncoded: &nodes)
      guard let key = nodes.next() else {
        throw PSEError.malformed(place: "key", reason: "it is missing")
      }
      // `Self.rsa` writes NULL parameters; anything else would not survive being written again.
      guard algorithm == Self.rsaAlgorithm else {
        while nodes.next() != nil {}
        return .other(algorithm.identifier, Array(node.encodedBytes))
      }
      let bits = try ASN1BitString(derEncoded: key)
      guard bits.paddingBits == 0 else {
        throw PSEError.malformed(place: "key", reason: "the bit string is not whole bytes")
      }
      // Its elements were not counted with those of the file, in which it is a single one.
      guard bits.bytes.count <= PSEPrimes.encodingLimit else {
        throw PSEError.malformed(place: "key", reason: "it is longer than that of any RSA key")
      }
      return .rsa(try PSEPrimes(derEncoded: bits.bytes))
    }
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    switch self {
    case .rsa(let primes):
      try coder.appendConstructedNode(identifier: tag) { coder in
        try coder.serialize(Self.rsaAlgorithm)
        var inner = DER.Serializer()
        try inner.serialize(primes)
        try coder.serialize(ASN1BitString(bytes: inner.serializedBytes[...]))
      }
    case .other(_, let bytes):
      coder.serializeRawBytes(bytes)
    }
  }

  /// `rsaEncryption` with NULL parameters (RFC 8017, appendix A.1).
  private static let rsaAlgorithm = PSEAlgorithm(
    identifier: .AlgorithmIdentifier.rsaEncryption, parameters: [0x05, 0x00])
}

extension PSEPrivateKey: CustomStringConvertible, CustomReflectable {
  /// Names the kind and nothing of the key.
  package var description: String {
    switch self {
    case .rsa(let primes): primes.description
    case .other(let identifier, _): "private key (\(Self.name(of: identifier)))"
    }
  }

  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ASN1ObjectIdentifier {
  /// `id-dsa` (RFC 3279, section 2.3.2).
  fileprivate static let dsa: ASN1ObjectIdentifier = [1, 2, 840, 10_040, 4, 1]
}
