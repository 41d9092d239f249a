// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

/// Secrets at rest: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits.
///
/// A sealed secret is a format byte (1), the nonce (12 bytes), the ciphertext (as long as the secret) and the tag
/// (16 bytes). The format byte and the context are authenticated. Random nonces are safe for 2^32 secrets under one key.
package enum Sealing {
  /// Seals a secret.
  ///
  /// - Parameters:
  ///   - secret: What is hidden; its length is not.
  ///   - key: Opens it again.
  ///   - context: What the secret belongs to, such as the identity of its record; has to be the same for opening.
  /// - Returns: Bytes that may be stored anywhere.
  /// - Throws: `SealingError.failed`.
  package static func seal(
    _ secret: SecretBytes, key: SealingKey, context: [UInt8]
  ) throws(SealingError) -> [UInt8] {
    do throws(OpenSSLError) {
      let nonce = try Random.bytes(nonceLength)
      let cipher = try GCM.make(key, nonce, encrypts: true)
      try cipher.authenticate([format] + context)
      var output = [UInt8](repeating: 0, count: secret.count)
      try unsafe output.withUnsafeMutableBufferPointer { (target) throws(OpenSSLError) in
        try unsafe secret.withUnsafeBytes { (source) throws(OpenSSLError) in
          try unsafe cipher.update(source, to: target.baseAddress)
        }
      }
      return [format] + nonce + output + (try cipher.finishedTag())
    } catch {
      throw .failed(error)
    }
  }

  /// Opens a sealed secret.
  ///
  /// - Parameters:
  ///   - sealed: What ``seal(_:key:context:)`` returned.
  ///   - key: The same as for sealing.
  ///   - context: The same as for sealing.
  /// - Returns: The secret.
  /// - Throws: `SealingError`.
  package static func open(
    _ sealed: [UInt8], key: SealingKey, context: [UInt8]
  ) throws(SealingError) -> SecretBytes {
    guard let first = sealed.first else { throw .malformed("it is empty") }
    guard first == format else { throw .malformed("its format is \(first) and only \(format) is known") }
    let count = sealed.count - 1 - nonceLength - GCM.tagLength
    guard count >= 0 else { throw .malformed("it is cut off after \(sealed.count) bytes") }
    let nonce = Array(sealed[1...nonceLength])
    let body = Array(sealed[(1 + nonceLength)..<(1 + nonceLength + count)])
    let secret: SecretBytes
    let isGenuine: Bool
    do throws(OpenSSLError) {
      let cipher = try GCM.make(key, nonce, encrypts: false)
      try cipher.authenticate([format] + context)
      secret = try cipher.decrypted(body)
      isGenuine = try cipher.accepts(tag: Array(sealed.suffix(GCM.tagLength)))
    } catch {
      throw .failed(error)
    }
    guard isGenuine else { throw .wrongKeyOrTampered }
    return secret
  }

  private static let format: UInt8 = 1
  private static let nonceLength = 12
}

/// One encryption or decryption, EVP_EncryptInit(3), section "AEAD Interface".
@safe
private struct GCM: ~Copyable {
  private let context: Handle

  private init(_ context: consuming Handle) { self.context = context }

  static func make(_ key: SealingKey, _ nonce: [UInt8], encrypts: Bool) throws(OpenSSLError) -> GCM {
    let context = try unsafe Handle.make("EVP_CIPHER_CTX_new", release: EVP_CIPHER_CTX_free) {
      unsafe EVP_CIPHER_CTX_new()
    }
    let pointer = unsafe context.pointer
    try unsafe key.bytes.withUnsafeBytes { (bytes) throws(OpenSSLError) in
      _ = try OpenSSLCall.success("EVP_CipherInit_ex") {
        unsafe EVP_CipherInit_ex(
          pointer, EVP_aes_256_gcm(), nil, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, nonce,
          encrypts ? 1 : 0)
      }
    }
    return GCM(context)
  }

  borrowing func authenticate(_ bytes: [UInt8]) throws(OpenSSLError) {
    let pointer = unsafe context.pointer
    var written: CInt = 0
    try OpenSSLCall.success("EVP_CipherUpdate") {
      unsafe EVP_CipherUpdate(pointer, nil, &written, bytes, CInt(bytes.count))
    }
  }

  /// Works on all bytes at once; the output is as long as the input.
  borrowing func update(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<UInt8>?
  ) throws(OpenSSLError) {
    guard unsafe !source.isEmpty else { return }
    let pointer = unsafe context.pointer
    var written: CInt = 0
    try OpenSSLCall.success("EVP_CipherUpdate") {
      unsafe EVP_CipherUpdate(
        pointer, target, &written, source.assumingMemoryBound(to: UInt8.self).baseAddress, CInt(source.count))
    }
  }

  borrowing func decrypted(_ bytes: [UInt8]) throws(OpenSSLError) -> SecretBytes {
    let pointer = unsafe context.pointer
    return try unsafe SecretBytes(capacity: bytes.count) { (target) throws(OpenSSLError) -> Int in
      var written: CInt = 0
      guard !bytes.isEmpty else { return 0 }
      try OpenSSLCall.success("EVP_CipherUpdate") {
        unsafe EVP_CipherUpdate(
          pointer, target.assumingMemoryBound(to: UInt8.self).baseAddress, &written, bytes, CInt(bytes.count))
      }
      return Int(written)
    }
  }

  borrowing func finishedTag() throws(OpenSSLError) -> [UInt8] {
    let pointer = unsafe context.pointer
    var rest = [UInt8](repeating: 0, count: 16)
    var written: CInt = 0
    try OpenSSLCall.success("EVP_CipherFinal_ex") { unsafe EVP_CipherFinal_ex(pointer, &rest, &written) }
    var tag = [UInt8](repeating: 0, count: Self.tagLength)
    try OpenSSLCall.success("EVP_CIPHER_CTX_ctrl") {
      unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagLength), &tag)
    }
    return tag
  }

  borrowing func accepts(tag: [UInt8]) throws(OpenSSLError) -> Bool {
    let pointer = unsafe context.pointer
    var tag = tag
    try OpenSSLCall.success("EVP_CIPHER_CTX_ctrl") {
      unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagLength), &tag)
    }
    var rest = [UInt8](repeating: 0, count: 16)
    var written: CInt = 0
    return OpenSSLCall.observed { unsafe EVP_CipherFinal_ex(pointer, &rest, &written) }.result == 1
  }

  static let tagLength = 16
}
