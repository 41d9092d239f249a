// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

/// Digests that tell secrets apart, and that say nothing of them to whoever lacks the key: HMAC-SHA-256 (RFC 2104).
package enum KeyedDigest {
  /// The digest of a secret in a context: 32 bytes, other ones in each context.
  ///
  /// - Parameters:
  ///   - secret: what is to be known again; it cannot be got back, not even with the key.
  ///   - key: without it nobody can try which secret fits.
  ///   - context: what the secret belongs to, such as the identity of its record.
  /// - Returns: bytes that may be stored anywhere.
  /// - Throws: `SealingError.failed`.
  package static func of(
    _ secret: SecretBytes, key: SealingKey, context: [UInt8]
  ) throws(SealingError) -> [UInt8] {
    do throws(OpenSSLError) {
      // A key of its own for each context, so that the secret is never copied beside it.
      var own = try hmac(SecretBytes(copying: context), key: key.bytes)
      return try hmac(secret, key: SecretBytes(cleansing: &own))
    } catch {
      throw .failed(error)
    }
  }

  private static func hmac(_ data: SecretBytes, key: SecretBytes) throws(OpenSSLError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: length)
    try unsafe key.withUnsafeBytes { (key) throws(OpenSSLError) in
      try unsafe data.withUnsafeBytes { (data) throws(OpenSSLError) in
        _ = try unsafe OpenSSLCall.pointer("EVP_Q_mac") {
          unsafe EVP_Q_mac(
            nil, "HMAC", nil, "SHA2-256", nil, key.baseAddress, key.count,
            data.assumingMemoryBound(to: UInt8.self).baseAddress, data.count, &digest, digest.count, nil)
        }
      }
    }
    return digest
  }

  /// Of a digest, in bytes.
  package static let length = 32
}
