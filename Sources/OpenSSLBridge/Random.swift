// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Random bytes from OpenSSL's generator, `RAND_bytes_ex(3)`.
package enum Random {
  /// Returns `count` bytes that nobody can predict.
  ///
  /// - Throws: `OpenSSLError` when the generator cannot be seeded; there is no weaker fallback.
  package static func bytes(_ count: Int) throws(OpenSSLError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    try OpenSSLCall.success("RAND_bytes_ex") { unsafe RAND_bytes_ex(nil, &bytes, count, 0) }
    return bytes
  }
}
