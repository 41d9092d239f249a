// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates

/// PKCS #7 files that hold certificates and sign nothing, as authorities hand out chains (`.p7b`; RFC 8551, section 3.8).
package enum PKCS7Certificates {
  /// The certificates of a `signedData`, DER or BER, in its order; its signatures, if it has any, are not looked at.
  ///
  /// - Returns: nil for bytes that are no such structure.
  /// - Throws: `OpenSSLError` for a certificate in it that cannot be read.
  package static func decode(_ bytes: [UInt8]) throws(OpenSSLError) -> [Certificate]? {
    let found = unsafe OpenSSLCall.observed {
      unsafe bytes.withUnsafeBufferPointer { buffer in
        var next = buffer.baseAddress
        return unsafe d2i_PKCS7(nil, &next, CLong(buffer.count))
      }
    }.result
    guard let content = unsafe found else { return nil }
    defer { unsafe PKCS7_free(content) }
    guard let stack = unsafe COpenSSL_PKCS7_certificates(content) else { return nil }
    var certificates: [Certificate] = []
    for index in 0..<max(0, unsafe COpenSSL_sk_X509_num(stack)) {
      guard let object = unsafe COpenSSL_sk_X509_value(stack, index) else { continue }
      certificates.append(try unsafe X509Codec.encode(object))
    }
    return certificates
  }
}
