// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// OpenSSL's memory streams, for the functions that read and write PEM.
enum MemoryBIO {
  /// Lends `bytes` to `body` as a read-only stream, `BIO_new_mem_buf(3)`; nothing is copied.
  static func reading<Result: ~Copyable>(
    _ bytes: SecretBytes, _ body: (OpaquePointer) throws(OpenSSLError) -> Result
  ) throws(OpenSSLError) -> Result {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(OpenSSLError) -> Result in
      let bio = unsafe try Handle.make("BIO_new_mem_buf", release: COpenSSL_BIO_free) {
        unsafe BIO_new_mem_buf(buffer.baseAddress, CInt(clamping: buffer.count))
      }
      return try unsafe body(bio.pointer)
    }
  }

  /// Collects what `body` writes to a stream whose memory OpenSSL overwrites, `BIO_s_secmem(3)`.
  static func writing(
    _ body: (OpaquePointer) throws(OpenSSLError) -> Void
  ) throws(OpenSSLError) -> SecretBytes {
    let bio = unsafe try Handle.make("BIO_new", release: COpenSSL_BIO_free) { unsafe BIO_new(BIO_s_secmem()) }
    try unsafe body(bio.pointer)
    var start: UnsafeMutablePointer<CChar>? = nil
    let count = unsafe COpenSSL_BIO_get_mem_data(bio.pointer, &start)
    return unsafe SecretBytes(copying: UnsafeRawBufferPointer(start: start, count: max(0, Int(count))))
  }
}
