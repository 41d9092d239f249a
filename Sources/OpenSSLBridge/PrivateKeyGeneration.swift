// SPDX-License-Identifier: Apache-2.0

import COpenSSL

extension PrivateKey {
  /// Makes a new RSA key with the public exponent 65537.
  ///
  /// - Parameter bits: Length of the modulus: 2048, 3072 or 4096. Takes from a tenth of a second to some seconds.
  /// - Returns: The key.
  /// - Throws: `PrivateKeyError.failed` for a length that OpenSSL does not make.
  package static func generateRSA(bits: Int) throws(PrivateKeyError) -> PrivateKey {
    unsafe try generate("RSA") { context in unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, CInt(clamping: bits)) }
  }

  /// Makes a new key on a named curve.
  ///
  /// - Parameter curve: A name that OpenSSL knows, such as "P-256".
  /// - Returns: The key.
  /// - Throws: `PrivateKeyError.failed` for an unknown curve.
  package static func generateEllipticCurve(_ curve: String = "P-256") throws(PrivateKeyError) -> PrivateKey {
    unsafe try generate("EC") { context in unsafe EVP_PKEY_CTX_set_group_name(context, curve) }
  }

  private static func generate(
    _ algorithm: String, configure: (OpaquePointer) -> CInt
  ) throws(PrivateKeyError) -> PrivateKey {
    do throws(OpenSSLError) {
      let context = unsafe try Handle.make("EVP_PKEY_CTX_new_from_name", release: EVP_PKEY_CTX_free) {
        unsafe EVP_PKEY_CTX_new_from_name(nil, algorithm, nil)
      }
      try OpenSSLCall.success("EVP_PKEY_keygen_init") { unsafe EVP_PKEY_keygen_init(context.pointer) }
      try OpenSSLCall.success("EVP_PKEY_CTX_set_params") { unsafe configure(context.pointer) }
      var key: OpaquePointer? = nil
      try OpenSSLCall.success("EVP_PKEY_generate") { unsafe EVP_PKEY_generate(context.pointer, &key) }
      return unsafe PrivateKey(
        takingOwnership: try Handle.make("EVP_PKEY_generate", release: EVP_PKEY_free) { unsafe key })
    } catch {
      throw .failed(error)
    }
  }
}
