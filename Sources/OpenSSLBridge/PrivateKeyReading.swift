// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

extension PrivateKey {
  /// Reads the first private key of a PEM text: PKCS#8 plain or encrypted (RFC 7468, sections 10 and 11),
  /// PKCS#1 (RFC 8017, A.1.2), SEC1 (RFC 5915), the latter two also with OpenSSL's own encryption.
  ///
  /// - Parameters:
  ///   - pem: The text; other PEM blocks before the key are passed over.
  ///   - passphrase: Opens an encrypted key; ignored for a plain one. Nobody is ever asked for it.
  /// - Throws: `PrivateKeyError`.
  package convenience init(pem: SecretBytes, passphrase: SecretBytes? = nil) throws(PrivateKeyError) {
    guard (passphrase?.count ?? 0) <= Self.passphraseLimit else {
      throw .passphraseTooLong(limit: Self.passphraseLimit)
    }
    try PrivateKeyCost.check(pem: pem)
    var request = PassphraseRequest(passphrase: passphrase)
    let handle: Handle
    do throws(OpenSSLError) {
      handle = unsafe try MemoryBIO.reading(pem) { (bio) throws(OpenSSLError) -> Handle in
        try unsafe withUnsafeMutablePointer(to: &request) { (context) throws(OpenSSLError) -> Handle in
          unsafe try Handle.make("PEM_read_bio_PrivateKey", release: EVP_PKEY_free) {
            unsafe PEM_read_bio_PrivateKey(bio, nil, answerPassphrase, context)
          }
        }
      }
    } catch {
      guard request.wasAsked else { throw .notAPrivateKey(error) }
      throw passphrase == nil ? .passphraseNeeded : .wrongPassphrase
    }
    try self.init(checking: handle)
  }

  /// Reads a DER key: PKCS#8 plain or encrypted (RFC 5208), PKCS#1 (RFC 8017, A.1.2) or SEC1 (RFC 5915).
  ///
  /// - Parameters:
  ///   - der: The key.
  ///   - passphrase: Opens an encrypted key; ignored for a plain one. Nobody is ever asked for it.
  /// - Throws: `PrivateKeyError`.
  package convenience init(der: SecretBytes, passphrase: SecretBytes? = nil) throws(PrivateKeyError) {
    guard (passphrase?.count ?? 0) <= Self.passphraseLimit else {
      throw .passphraseTooLong(limit: Self.passphraseLimit)
    }
    try PrivateKeyCost.check(der: der)
    let handle: Handle
    do throws(OpenSSLError) {
      handle = try unsafe der.withUnsafeBytes { (buffer) throws(OpenSSLError) -> Handle in
        var next = unsafe buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        return unsafe try Handle.make("d2i_AutoPrivateKey", release: EVP_PKEY_free) {
          unsafe d2i_AutoPrivateKey(nil, &next, buffer.count)
        }
      }
    } catch {
      handle = try Self.opened(der, passphrase, unlessOpened: error)
    }
    try self.init(checking: handle)
  }

  /// Opens an encrypted PKCS#8 key, DER (RFC 5208, section 6).
  ///
  /// - Throws: `PrivateKeyError.notAPrivateKey` with `plainError` for bytes that are none.
  private static func opened(
    _ der: SecretBytes, _ passphrase: SecretBytes?, unlessOpened plainError: OpenSSLError
  ) throws(PrivateKeyError) -> Handle {
    var request = PassphraseRequest(passphrase: passphrase)
    do throws(OpenSSLError) {
      return unsafe try MemoryBIO.reading(der) { (bio) throws(OpenSSLError) -> Handle in
        try unsafe withUnsafeMutablePointer(to: &request) { (context) throws(OpenSSLError) -> Handle in
          unsafe try Handle.make("d2i_PKCS8PrivateKey_bio", release: EVP_PKEY_free) {
            unsafe d2i_PKCS8PrivateKey_bio(bio, nil, answerPassphrase, context)
          }
        }
      }
    } catch {
      guard request.wasAsked else { throw .notAPrivateKey(plainError) }
      throw passphrase == nil ? .passphraseNeeded : .wrongPassphrase
    }
  }

  /// Refuses what OpenSSL reads as a key although only its public half is there.
  private convenience init(checking handle: consuming Handle) throws(PrivateKeyError) {
    do throws(OpenSSLError) {
      _ = unsafe try DEROutput.encodeSecret("i2d_PrivateKey") { unsafe i2d_PrivateKey(handle.pointer, $0) }
    } catch {
      throw .notAPrivateKey(error)
    }
    self.init(takingOwnership: handle)
  }

  /// `PEM_BUFSIZE`: the size of the buffer that OpenSSL hands to the callback.
  private static var passphraseLimit: Int { Int(PEM_BUFSIZE) }
}

/// What OpenSSL's passphrase callback knows and reports.
private struct PassphraseRequest {
  let passphrase: SecretBytes?
  var wasAsked = false
}

/// `pem_password_cb(3)` that answers from memory and never from a terminal; -1 means that there is no answer.
private func answerPassphrase(
  buffer: UnsafeMutablePointer<CChar>?, size: CInt, forWriting: CInt, context: UnsafeMutableRawPointer?
) -> CInt {
  guard let request = unsafe context?.assumingMemoryBound(to: PassphraseRequest.self) else { return -1 }
  unsafe request.pointee.wasAsked = true
  guard let passphrase = unsafe request.pointee.passphrase, passphrase.count <= Int(size),
    let buffer = unsafe buffer
  else { return -1 }
  unsafe passphrase.withUnsafeBytes { bytes in
    unsafe UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyMemory(from: bytes)
  }
  return CInt(passphrase.count)
}
