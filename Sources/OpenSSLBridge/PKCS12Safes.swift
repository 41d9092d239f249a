// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// A growing `AuthenticatedSafe ::= SEQUENCE OF ContentInfo`, RFC 7292 section 4.1.
@safe
struct PKCS12Safes: ~Copyable {
  /// A `STACK_OF(PKCS7)`, nil while there is none.
  @unsafe private var stack: OpaquePointer?

  init() { unsafe stack = nil }

  deinit { unsafe COpenSSL_sk_PKCS7_pop_free(stack) }

  mutating func add(
    _ bags: borrowing PKCS12Bags, password: CPassword, profile: PKCS12.Profile
  ) throws(OpenSSLError) {
    var grown = unsafe stack
    let content = unsafe bags.stack
    try unsafe password.withCString { (password) throws(OpenSSLError) in
      _ = try OpenSSLCall.success("PKCS12_add_safe") {
        unsafe PKCS12_add_safe(&grown, content, profile.encryption, profile.iterations, password)
      }
    }
    unsafe stack = unsafe grown
  }

  /// Adds bags that are encrypted one by one.
  mutating func addUnencrypted(_ bags: borrowing PKCS12Bags) throws(OpenSSLError) {
    var grown = unsafe stack
    let content = unsafe bags.stack
    try OpenSSLCall.success("PKCS12_add_safe") { unsafe PKCS12_add_safe(&grown, content, -1, 0, nil) }
    unsafe stack = unsafe grown
  }

  /// Puts the whole under an integrity check, RFC 7292 section 5.1, and encodes it.
  borrowing func finish(password: CPassword, profile: PKCS12.Profile) throws(OpenSSLError) -> SecretBytes {
    let content = unsafe stack
    let file = try unsafe Handle.make("PKCS12_add_safes", release: PKCS12_free) {
      unsafe PKCS12_add_safes(content, 0)
    }
    let digest = unsafe profile == .modern ? EVP_sha256() : EVP_sha1()
    try unsafe password.withCString { (password) throws(OpenSSLError) in
      _ = try OpenSSLCall.success("PKCS12_set_mac") {
        unsafe PKCS12_set_mac(file.pointer, password, -1, nil, 0, profile.iterations, digest)
      }
    }
    return unsafe try DEROutput.encodeSecret("i2d_PKCS12") { unsafe i2d_PKCS12(file.pointer, $0) }
  }
}
