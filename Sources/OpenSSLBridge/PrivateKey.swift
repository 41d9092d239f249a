// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
package import Host

/// A private key with its public half, held by OpenSSL; it never changes after it was made.
@safe
package final class PrivateKey: Sendable {
  /// What a key can be used for, as far as certrotd distinguishes.
  package enum Kind: Hashable, Sendable {
    /// RSA with a modulus of so many bits.
    case rsa(bits: Int)
    /// Elliptic curve with OpenSSL's name of the curve, such as "prime256v1".
    case ellipticCurve(name: String)
    /// Any other algorithm by OpenSSL's name, such as "ED25519" or "RSA-PSS".
    case other(name: String)
  }

  // An `EVP_PKEY` is counted by reference and nobody changes this one after `init`; openssl-threads(7) allows
  // several threads to read such an object, and its internal caches have their own lock.
  nonisolated(unsafe) let pointer: OpaquePointer

  /// Algorithm and size.
  package let kind: Kind

  /// Takes over a key that was just made.
  init(takingOwnership handle: consuming Handle) {
    unsafe pointer = handle.relinquish()
    unsafe kind = Self.kind(of: pointer)
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// Whether this is the private key of the certificate's public key.
  ///
  /// - Throws: `PrivateKeyError.failed` when OpenSSL cannot read the certificate.
  package func fits(_ certificate: Certificate) throws(PrivateKeyError) -> Bool {
    do throws(OpenSSLError) {
      let x509 = try X509.decode(certificate)
      let publicKey = try OpenSSLCall.pointer("X509_get0_pubkey") { unsafe X509_get0_pubkey(x509.pointer) }
      // Keys of different types compare as -1 with a record in the queue, which `observed` takes away.
      return unsafe OpenSSLCall.observed { unsafe EVP_PKEY_eq(publicKey, pointer) }.result == 1
    } catch {
      throw .failed(error)
    }
  }

  private static func kind(of pointer: OpaquePointer) -> Kind {
    if unsafe EVP_PKEY_is_a(pointer, "RSA") == 1 { return .rsa(bits: Int(unsafe EVP_PKEY_get_bits(pointer))) }
    if unsafe EVP_PKEY_is_a(pointer, "EC") == 1, let name = unsafe groupName(of: pointer) {
      return .ellipticCurve(name: name)
    }
    return unsafe .other(name: EVP_PKEY_get0_type_name(pointer).map { unsafe String(cString: $0) } ?? "unknown")
  }

  private static func groupName(of pointer: OpaquePointer) -> String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
      // A curve given by its parameters has no name; that failure is not an error.
      let found = unsafe OpenSSLCall.observed {
        unsafe EVP_PKEY_get_group_name(pointer, buffer.baseAddress, buffer.count, nil)
      }
      guard found.result == 1, let start = unsafe buffer.baseAddress else { return nil }
      return unsafe String(cString: start)
    }
  }
}

extension PrivateKey.Kind: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rsa(let bits): "RSA, \(bits) bits"
    case .ellipticCurve(let name): "elliptic curve \(name)"
    case .other(let name): name
    }
  }
}
