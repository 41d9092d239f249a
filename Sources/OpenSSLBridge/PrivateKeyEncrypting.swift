// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

extension PrivateKey {
  /// Encodes the key as "ENCRYPTED PRIVATE KEY" (RFC 7468, section 11): PBES2 with AES-256-CBC and PBKDF2 of HMAC-SHA-256
  /// (RFC 8018), as many rounds as a modern PFX has.
  ///
  /// - Parameter password: UTF-8, not empty.
  /// - Returns: One PEM block that ends with a line feed; the salt makes each one different.
  /// - Throws: `PrivateKeyError.passphraseNeeded` for an empty password, `PrivateKeyError.passphraseTooLong` for one that
  ///   `init(pem:passphrase:)` could not take.
  package func encryptedPEM(password: SecretBytes) throws(PrivateKeyError) -> SecretBytes {
    guard !password.isEmpty else { throw .passphraseNeeded }
    guard password.count <= Int(PEM_BUFSIZE) else { throw .passphraseTooLong(limit: Int(PEM_BUFSIZE)) }
    do throws(OpenSSLError) {
      var salt = try Random.bytes(Self.saltLength)
      let info = unsafe try Handle.make("EVP_PKEY2PKCS8", release: PKCS8_PRIV_KEY_INFO_free) {
        unsafe EVP_PKEY2PKCS8(pointer)
      }
      let encrypted = try unsafe password.withUnsafeBytes { (password) throws(OpenSSLError) -> Handle in
        unsafe try Handle.make("PKCS8_encrypt", release: X509_SIG_free) {
          unsafe PKCS8_encrypt(
            -1, EVP_aes_256_cbc(), password.assumingMemoryBound(to: CChar.self).baseAddress, CInt(password.count),
            &salt, CInt(salt.count), PKCS12.Profile.modern.iterations, info.pointer)
        }
      }
      return unsafe try MemoryBIO.writing { (bio) throws(OpenSSLError) in
        try OpenSSLCall.success("PEM_write_bio_PKCS8") { unsafe PEM_write_bio_PKCS8(bio, encrypted.pointer) }
      }
    } catch {
      throw .failed(error)
    }
  }

  /// In bytes, as RFC 8018, section 4.1, wants at least eight.
  private static var saltLength: Int { 16 }
}
