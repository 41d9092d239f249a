// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// A certificate's public key: `SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }`
/// (RFC 5280, section 4.1.2.7).
package struct PublicKeyInfo: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// RSA with the length of its modulus in bits.
    case rsa(bits: Int)
    /// An elliptic curve, by its usual name or dotted object identifier.
    case ellipticCurve(String)
    /// Another algorithm, by its dotted object identifier.
    case other(String)
  }

  /// The whole structure, DER.
  package let derBytes: [UInt8]
  package let kind: Kind

  init(derEncoded node: ASN1Node) throws {
    derBytes = Array(node.encodedBytes)
    kind = try DER.sequence(node, identifier: .sequence) { nodes in
      guard let identifier = nodes.next() else { throw CertificateError.malformed("the public key is empty") }
      let (algorithm, parameter) = try DER.sequence(identifier, identifier: .sequence) { inner in
        (try ASN1ObjectIdentifier(derEncoded: &inner), inner.next())
      }
      let key = try ASN1BitString(derEncoded: &nodes)
      switch algorithm {
      case ASN1ObjectIdentifier.AlgorithmIdentifier.rsaEncryption:
        return .rsa(bits: try Self.modulusBits(key))
      case ASN1ObjectIdentifier.AlgorithmIdentifier.idEcPublicKey:
        return .ellipticCurve(Self.curveName(parameter))
      default:
        return .other(String(describing: algorithm))
      }
    }
  }

  /// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017, appendix A.1.1).
  private static func modulusBits(_ key: ASN1BitString) throws -> Int {
    let node = try DER.parse(key.bytes)
    return try DER.sequence(node, identifier: .sequence) { nodes in
      guard let modulus = nodes.next(), modulus.identifier == .integer, case .primitive(let bytes) = modulus.content,
        nodes.next() != nil
      else { throw CertificateError.malformed("the RSA key is no pair of integers") }
      let significant = bytes.drop { $0 == 0 }
      guard let first = significant.first else { throw CertificateError.malformed("the RSA modulus is zero") }
      return significant.count * 8 - first.leadingZeroBitCount
    }
  }

  private static func curveName(_ parameter: ASN1Node?) -> String {
    guard let parameter, let identifier = try? ASN1ObjectIdentifier(derEncoded: parameter) else {
      return "explicit parameters"
    }
    return curveNames[String(describing: identifier)] ?? String(describing: identifier)
  }

  /// SEC 2, section 2, and RFC 5639.
  private static let curveNames = [
    "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521", "1.3.132.0.10": "secp256k1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1", "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
  ]
}

extension PublicKeyInfo.Kind: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rsa(let bits): "RSA \(bits)"
    case .ellipticCurve(let name): "EC \(name)"
    case .other(let identifier): Self.names[identifier] ?? "algorithm \(identifier)"
    }
  }

  /// RFC 3279, section 2.3; RFC 4055, section 1.2; RFC 8410, section 3.
  private static let names = [
    "1.2.840.10040.4.1": "DSA", "1.2.840.10046.2.1": "Diffie-Hellman", "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.3.101.110": "X25519", "1.3.101.111": "X448", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
  ]
}
