// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// All that a PSE keeps of an RSA private key: `SEQUENCE { p INTEGER, q INTEGER }`, the larger prime first.
///
/// The public exponent is the certificate's; everything else follows from these three numbers.
package struct PSEPrimes: Hashable, Sendable {
  /// The larger prime in every genuine file, big-endian, without leading zeros; secret.
  package let p: [UInt8]
  /// The other prime, big-endian, without leading zeros; secret.
  package let q: [UInt8]

  /// Takes both primes in any order, big-endian, with or without leading zeros.
  ///
  /// - Throws: ``PSEError/unbuildable(part:reason:)`` when one is zero, both are equal, or one is longer than
  ///   1,024 bytes.
  package init(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) throws(PSEError) {
    let (first, second) = (Self.significant(first), Self.significant(second))
    for prime in [first, second] where prime.isEmpty || prime.count > Self.lengthLimit {
      throw .unbuildable(part: "private key", reason: "a prime of \(prime.count) bytes is not that of an RSA key")
    }
    guard first != second else { throw .unbuildable(part: "private key", reason: "both primes are equal") }
    (p, q) = Self.isLess(first, second) ? (second, first) : (first, second)
  }

  private static func significant(_ number: some Collection<UInt8>) -> [UInt8] { Array(number.drop { $0 == 0 }) }

  private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
  }

  /// Half of a 16,384 bit modulus, in bytes.
  private static let lengthLimit = 1024
  /// More bytes than both primes take with what DER puts before them.
  static let encodingLimit = 2 * lengthLimit + 32
}

extension PSEPrimes: DERImplicitlyTaggable {
  package static var defaultIdentifier: ASN1Identifier { .sequence }

  package init(derEncoded node: ASN1Node, withIdentifier tag: ASN1Identifier) throws {
    let (p, q) = try DER.sequence(node, identifier: tag) { nodes in
      (try ArraySlice<UInt8>(derEncoded: &nodes), try ArraySlice<UInt8>(derEncoded: &nodes))
    }
    do {
      _ = try Self(p, q)
    } catch {
      throw PSEError.malformed(place: "primes", reason: "they are not those of an RSA key")
    }
    // In the order found, so that a file of another writer is the same when it is written again.
    (self.p, self.q) = (Self.significant(p), Self.significant(q))
  }

  package func serialize(into coder: inout DER.Serializer, withIdentifier tag: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: tag) { coder in
      try coder.serialize(p[...])
      try coder.serialize(q[...])
    }
  }
}

extension PSEPrimes: CustomStringConvertible, CustomReflectable {
  /// Tells the size and nothing of the primes.
  package var description: String { "RSA primes of \(p.count) and \(q.count) secret bytes" }

  package var customMirror: Mirror { Mirror(self, children: []) }
}
