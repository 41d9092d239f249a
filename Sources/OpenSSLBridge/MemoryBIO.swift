// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// OpenSSL's memory streams, for the functions that read and write PEM.
enum MemoryBIO {
  /// Lends `bytes` to `body` as a read-only stream, `BIO_new_mem_buf(3)`; nothing is copied.
  static func reading<Result>(
    _ bytes: SecretBytes, _ body: (OpaquePointer) throws(OpenSSLError) -> Result
  ) throws(OpenSSLError) -> Result {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(OpenSSLError) -> Result in
      let bio = try Handle.make("BIO_new_mem_buf", release: COpenSSL_BIO_free) {
        unsafe BIO_new_mem_buf(buffer.baseAddress, CInt(clamping: buffer.count))
      }
      return try unsafe body(bio.pointer)
    }
  }

  /// Collects what `body` writes to a stream whose memory OpenSSL overwrites, `BIO_s_secmem(3)`.
  static func writing(
    _ body: (OpaquePointer) throws(OpenSSLError) -> Void
  ) throws(OpenSSLError) -> SecretBytes {
    let bio = try Handle.make("BIO_new", release: COpenSSL_BIO_free) { unsafe BIO_new(BIO_s_secmem()) }
    try unsafe body(bio.pointer)
    var start: UnsafeMutablePointer<CChar>? = nil
    let count = unsafe COpenSSL_BIO_get_mem_data(bio.pointer, &start)
    return unsafe SecretBytes(copying: UnsafeRawBufferPointer(start: start, count: max(0, Int(count))))
  }
}

/// Objects that OpenSSL writes as DER with an `i2d_…` function, `d2i_X509(3)`.
enum DER {
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
