// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

/// pbeWithSHA1And3-KeyTripleDES-CBC, RFC 7292 appendix C: a key and a vector that come from a PIN, for the one format
/// that prescribes it.
///
/// The host's OpenSSL does the arithmetic, and refuses where a policy such as FIPS forbids SHA-1 or Triple DES.
package struct PINCipher: Sendable {
  private let key: SecretBytes
  private let vector: SecretBytes

  /// Derives key and vector from a PIN, RFC 7292 appendix B with SHA-1.
  ///
  /// Blocks the thread in proportion to `iterations`: about 10 ms for ten thousand.
  ///
  /// - Parameters:
  ///   - pin: ASCII; it enters as a BMPString with two closing zero bytes.
  ///   - salt: From the file.
  ///   - iterations: From the file; the caller has limited it.
  /// - Throws: `PINCipherError`.
  package init(pin: SecretBytes, salt: [UInt8], iterations: Int) throws(PINCipherError) {
    try Self.check(pin)
    do throws(OpenSSLError) {
      key = try Self.derive(.key, pin, salt, iterations, length: 24)
      vector = try Self.derive(.vector, pin, salt, iterations, length: 8)
    } catch {
      throw .failed(error)
    }
  }

  /// Encrypts in CBC mode with PKCS #7 padding (RFC 8018, section 6.1.1).
  ///
  /// - Throws: `PINCipherError.failed`.
  package func encrypt(_ plain: SecretBytes) throws(PINCipherError) -> [UInt8] {
    do throws(OpenSSLError) {
      // What comes out is no secret.
      return try unsafe plain.withUnsafeBytes { (buffer) throws(OpenSSLError) in
        try unsafe run(buffer, encrypts: true).copyBytes()
      }
    } catch {
      throw .failed(error)
    }
  }

  /// Undoes `encrypt(_:)`.
  ///
  /// - Returns: The plain bytes; nil when the padding is not one, as after another PIN.
  /// - Throws: `PINCipherError.failed` when Triple DES is not to be had.
  package func decrypt(_ cipherText: [UInt8]) throws(PINCipherError) -> SecretBytes? {
    guard !cipherText.isEmpty, cipherText.count.isMultiple(of: Self.blockLength) else { return nil }
    do throws(OpenSSLError) {
      return try unsafe SecretBytes(copying: cipherText).withUnsafeBytes { (buffer) throws(OpenSSLError) in
        try unsafe run(buffer, encrypts: false)
      }
    } catch {
      guard error.function == Self.final else { throw .failed(error) }
      return nil
    }
  }

  /// Whether a PIN can be one.
  ///
  /// - Throws: `PINCipherError` that says why it cannot.
  package static func check(_ pin: SecretBytes) throws(PINCipherError) {
    guard !pin.isEmpty else { throw .emptyPIN }
    guard pin.count <= lengthLimit else { throw .longPIN(limit: lengthLimit) }
    let isPlain = pin.withSpan { bytes in bytes.indices.allSatisfy { (0x20...0x7E).contains(bytes[$0]) } }
    // How other characters become a BMPString no file has shown.
    guard isPlain else { throw .notASCII }
  }

  /// The `id` of RFC 7292, appendix B.3.
  private enum Purpose: CInt {
    case key = 1
    case vector = 2
  }

  private static func derive(
    _ purpose: Purpose, _ pin: SecretBytes, _ salt: [UInt8], _ iterations: Int, length: Int
  ) throws(OpenSSLError) -> SecretBytes {
    let algorithm = unsafe try Handle.make("EVP_MD_fetch", release: EVP_MD_free) {
      unsafe EVP_MD_fetch(nil, "SHA1", nil)
    }
    var salt = salt
    return try unsafe SecretBytes(capacity: length) { (output) throws(OpenSSLError) in
      try unsafe pin.withUnsafeBytes { (pin) throws(OpenSSLError) in
        _ = try OpenSSLCall.success("PKCS12_key_gen_utf8") {
          unsafe PKCS12_key_gen_utf8(
            pin.assumingMemoryBound(to: CChar.self).baseAddress, CInt(pin.count), &salt, CInt(salt.count),
            purpose.rawValue, CInt(clamping: iterations), CInt(length),
            output.assumingMemoryBound(to: UInt8.self).baseAddress, algorithm.pointer)
        }
      }
      return length
    }
  }

  private func run(_ input: UnsafeRawBufferPointer, encrypts: Bool) throws(OpenSSLError) -> SecretBytes {
    let context = unsafe try Handle.make("EVP_CIPHER_CTX_new", release: EVP_CIPHER_CTX_free) {
      unsafe EVP_CIPHER_CTX_new()
    }
    let cipher = unsafe try Handle.make("EVP_CIPHER_fetch", release: EVP_CIPHER_free) {
      unsafe EVP_CIPHER_fetch(nil, "DES-EDE3-CBC", nil)
    }
    try unsafe key.withUnsafeBytes { (key) throws(OpenSSLError) in
      try unsafe vector.withUnsafeBytes { (vector) throws(OpenSSLError) in
        _ = try OpenSSLCall.success("EVP_CipherInit_ex2") {
          unsafe EVP_CipherInit_ex2(
            context.pointer, cipher.pointer, key.assumingMemoryBound(to: UInt8.self).baseAddress,
            vector.assumingMemoryBound(to: UInt8.self).baseAddress, encrypts ? 1 : 0, nil)
        }
      }
    }
    return try unsafe SecretBytes(capacity: input.count + Self.blockLength) { (output) throws(OpenSSLError) in
      let start = unsafe output.assumingMemoryBound(to: UInt8.self).baseAddress
      var written: CInt = 0
      try OpenSSLCall.success("EVP_CipherUpdate") {
        unsafe EVP_CipherUpdate(
          context.pointer, start, &written, input.assumingMemoryBound(to: UInt8.self).baseAddress, CInt(input.count))
      }
      var rest: CInt = 0
      _ = try OpenSSLCall.success("EVP_CipherFinal_ex") {
        unsafe EVP_CipherFinal_ex(context.pointer, start.map { unsafe $0 + Int(written) }, &rest)
      }
      return Int(written) + Int(rest)
    }
  }

  private static let final = "EVP_CipherFinal_ex"
  private static let blockLength = 8
  /// Far more than anybody types, in bytes.
  private static let lengthLimit = 256
}

/// Why a PIN cannot be used.
package enum PINCipherError: Error, Hashable, Sendable {
  case emptyPIN
  case longPIN(limit: Int)
  case notASCII
  /// The host's OpenSSL does not do it, such as under a FIPS policy.
  case failed(OpenSSLError)
}

extension PINCipherError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .emptyPIN: "the PIN is empty, which is no PIN"
    case .longPIN(let limit): "the PIN is longer than \(limit) characters"
    case .notASCII: "the PIN holds a character that is not printable ASCII"
    case .failed(let error): "the host's OpenSSL refuses the PIN's encryption, SHA-1 with Triple DES (\(error))"
    }
  }
}
