// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// Secret numbers of an RSA key: OpenSSL overwrites their memory when the handle ends.
enum BigNumber {
  /// Zero, to be computed into; operations on it avoid secret-dependent timing, `BN_FLG_CONSTTIME`.
  static func zero() throws(OpenSSLError) -> Handle {
    let number = unsafe try Handle.make("BN_secure_new", release: BN_clear_free) { unsafe BN_secure_new() }
    unsafe BN_set_flags(number.pointer, BN_FLG_CONSTTIME)
    return number
  }

  /// Reads an unsigned number, most significant byte first.
  static func decode(_ bytes: SecretBytes) throws(OpenSSLError) -> Handle {
    let number = try zero()
    try unsafe bytes.withUnsafeBytes { (buffer) throws(OpenSSLError) in
      _ = unsafe try OpenSSLCall.pointer("BN_bin2bn") {
        unsafe BN_bin2bn(
          buffer.assumingMemoryBound(to: UInt8.self).baseAddress, CInt(clamping: buffer.count), number.pointer)
      }
    }
    return number
  }

  /// Writes an unsigned number without leading zeros, most significant byte first.
  static func encode(_ number: borrowing Handle) -> SecretBytes {
    let pointer = unsafe number.pointer
    return unsafe SecretBytes(capacity: (Int(BN_num_bits(pointer)) + 7) / 8) { buffer in
      Int(unsafe BN_bn2bin(pointer, buffer.assumingMemoryBound(to: UInt8.self).baseAddress))
    }
  }

  /// A numeric parameter of a key, EVP_PKEY-RSA(7).
  ///
  /// - Throws: `OpenSSLError` when the key has no such parameter.
  static func parameter(_ name: StaticString, of key: OpaquePointer) throws(OpenSSLError) -> Handle {
    let number = try zero()
    var target: OpaquePointer? = unsafe number.pointer
    try OpenSSLCall.success("EVP_PKEY_get_bn_param") { unsafe EVP_PKEY_get_bn_param(key, "\(name)", &target) }
    return number
  }
}
