// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates

/// A private key with its public half, held by OpenSSL; it never changes after it was made.
@safe
package final class PrivateKey: Sendable {
  /// Algorithm and size, in the words of a certificate's public key, so that both can be compared.
  package typealias Kind = PublicKeyInfo.Kind

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
      let x509 = try X509Codec.decode(certificate)
      let publicKey = unsafe try OpenSSLCall.pointer("X509_get0_pubkey") { unsafe X509_get0_pubkey(x509.pointer) }
      // Keys of different types compare as -1 with a record in the queue, which `observed` takes away.
      return OpenSSLCall.observed { unsafe EVP_PKEY_eq(publicKey, pointer) }.result == 1
    } catch {
      throw .failed(error)
    }
  }

  private static func kind(of pointer: OpaquePointer) -> Kind {
    if unsafe EVP_PKEY_is_a(pointer, "RSA") == 1 { return .rsa(bits: Int(unsafe EVP_PKEY_get_bits(pointer))) }
    if unsafe EVP_PKEY_is_a(pointer, "EC") == 1 { return unsafe .ellipticCurve(curveName(of: pointer)) }
    return unsafe .other(ObjectIdentifier.dotted(EVP_PKEY_get_base_id(pointer)))
  }

  private static func curveName(of pointer: OpaquePointer) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
      // A curve given by its parameters has no name; that failure is not an error.
      let found = OpenSSLCall.observed {
        unsafe EVP_PKEY_get_group_name(pointer, buffer.baseAddress, buffer.count, nil)
      }
      guard found.result == 1, let name = buffer.baseAddress else { return "explicit parameters" }
      // "P-256" is what a certificate's key says; OpenSSL itself prefers the older "prime256v1".
      return unsafe EC_curve_nid2nist(OBJ_sn2nid(name)).map { unsafe String(cString: $0) } ?? String(cString: name)
    }
  }
}
