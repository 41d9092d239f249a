// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// What opening an encrypted private key costs, counted before it is paid as in ``PKCS12Cost``: the file itself says how
/// often a key derivation repeats its function (RFC 8018, appendix A.2; RFC 7914, section 7.1).
///
/// OpenSSL's own encryption of traditional keys has no such number.
enum PrivateKeyCost {
  /// - Throws: `PrivateKeyError.tooCostly` when the encrypted keys among the blocks of a text ask for too much.
  static func check(pem: SecretBytes) throws(PrivateKeyError) {
    let rounds: [Int64]
    do throws(OpenSSLError) {
      rounds = unsafe try MemoryBIO.reading(pem) { (bio) -> [Int64] in unsafe roundsOfBlocks(bio) }
    } catch {
      throw .failed(error)
    }
    try check(rounds)
  }

  /// - Throws: `PrivateKeyError.tooCostly` when an encrypted key asks for too much.
  static func check(der: SecretBytes) throws(PrivateKeyError) {
    let found = unsafe der.withUnsafeBytes { (bytes) -> Int64 in
      unsafe rounds(of: bytes.assumingMemoryBound(to: UInt8.self).baseAddress, count: bytes.count)
    }
    try check([found])
  }

  private static func check(_ rounds: [Int64]) throws(PrivateKeyError) {
    var cost = PKCS12Cost()
    do throws(PKCS12Error) {
      for number in rounds { try cost.add(number) }
    } catch {
      throw .tooCostly(limit: Int(PKCS12Cost.limit))
    }
  }

  /// Reads the blocks as OpenSSL's own reader of keys does, whatever their labels say, and past those that it cannot read.
  @unsafe
  private static func roundsOfBlocks(_ bio: OpaquePointer) -> [Int64] {
    var found: [Int64] = []
    var rest = Int.max
    while case let left = unsafe BIO_ctrl_pending(bio), left > 0, left < rest {
      rest = left
      var name: UnsafeMutablePointer<CChar>?
      var header: UnsafeMutablePointer<CChar>?
      var data: UnsafeMutablePointer<UInt8>?
      var count = 0
      let isRead = OpenSSLCall.observed { unsafe PEM_read_bio(bio, &name, &header, &data, &count) }.result == 1
      guard isRead else { continue }
      unsafe found.append(rounds(of: data, count: count))
      unsafe COpenSSL_OPENSSL_free(name)
      unsafe COpenSSL_OPENSSL_free(header)
      unsafe COpenSSL_OPENSSL_clear_free(data, count)
    }
    return found
  }

  /// The rounds that an `EncryptedPrivateKeyInfo` (RFC 5208, section 6) asks for; 0 for whatever is none.
  @unsafe
  private static func rounds(of der: UnsafePointer<UInt8>?, count: Int) -> Int64 {
    var next = unsafe der
    let found = unsafe OpenSSLCall.observed { unsafe d2i_X509_SIG(nil, &next, count) }.result
    guard let encrypted = unsafe found else { return 0 }
    defer { unsafe X509_SIG_free(encrypted) }
    var algorithm: UnsafePointer<X509_ALGOR>? = nil
    unsafe X509_SIG_get0(encrypted, &algorithm, nil)
    guard let algorithm = unsafe algorithm else { return 0 }
    return unsafe COpenSSL_pbe_rounds(algorithm)
  }
}
