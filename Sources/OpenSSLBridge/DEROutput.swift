// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// Objects that OpenSSL writes as DER with an `i2d_…` function, `d2i_X509(3)`.
enum DEROutput {
  /// Encodes a public object.
  ///
  /// - Parameters:
  ///   - function: The OpenSSL function, for the error.
  ///   - encode: Calls the `i2d_…` function with the given second argument.
  /// - Returns: The encoding.
  /// - Throws: `OpenSSLError` when it cannot be encoded.
  static func encode(
    _ function: StaticString, _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt
  ) throws(OpenSSLError) -> [UInt8] {
    var start: UnsafeMutablePointer<UInt8>? = nil
    let count = try OpenSSLCall.success(function) { unsafe encode(&start) }
    defer { unsafe COpenSSL_OPENSSL_free(start) }
    return unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
  }

  /// Encodes an object that holds a secret; OpenSSL's copy of the encoding is overwritten.
  ///
  /// - Parameters:
  ///   - function: The OpenSSL function, for the error.
  ///   - encode: Calls the `i2d_…` function with the given second argument.
  /// - Returns: The encoding.
  /// - Throws: `OpenSSLError` when it cannot be encoded.
  static func encodeSecret(
    _ function: StaticString, _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt
  ) throws(OpenSSLError) -> SecretBytes {
    var start: UnsafeMutablePointer<UInt8>? = nil
    let count = try OpenSSLCall.success(function) { unsafe encode(&start) }
    defer { unsafe COpenSSL_OPENSSL_clear_free(start, Int(count)) }
    return unsafe SecretBytes(copying: UnsafeBufferPointer(start: start, count: Int(count)))
  }
}
