// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// A growing `SafeContents ::= SEQUENCE OF SafeBag`, RFC 7292 section 4.2.
@safe
struct PKCS12Bags: ~Copyable {
  /// A `STACK_OF(PKCS12_SAFEBAG)`, nil while there is none.
  @unsafe private(set) var stack: OpaquePointer?

  init() { unsafe stack = nil }

  deinit { unsafe COpenSSL_sk_PKCS12_SAFEBAG_pop_free(stack) }

  mutating func add(
    _ certificate: Certificate, alias: String? = nil, localKeyID: [UInt8] = []
  ) throws(OpenSSLError) {
    let bag = try unsafe addBag(certificate)
    try unsafe describe(bag, alias, localKeyID)
  }

  /// Adds a certificate that Java trusts.
  mutating func addTrusted(_ certificate: Certificate, alias: String) throws(OpenSSLError) {
    let bag = try unsafe addBag(certificate)
    try unsafe describe(bag, alias, [])
    try OpenSSLCall.success("PKCS12_add1_attr_by_txt") {
      unsafe COpenSSL_PKCS12_add1_object_attribute(bag, Self.trustedKeyUsage, NID_anyExtendedKeyUsage)
    }
  }

  /// Adds a key that is encrypted by itself, a PKCS8ShroudedKeyBag.
  mutating func add(
    _ key: PrivateKey, alias: String?, localKeyID: [UInt8], password: CPassword, profile: PKCS12.Profile
  ) throws(OpenSSLError) {
    var grown = unsafe stack
    let bag = try unsafe password.withCString { (password) throws(OpenSSLError) -> OpaquePointer in
      try unsafe OpenSSLCall.pointer("PKCS12_add_key") {
        unsafe PKCS12_add_key(&grown, key.pointer, 0, profile.iterations, profile.encryption, password)
      }
    }
    unsafe stack = unsafe grown
    try unsafe describe(bag, alias, localKeyID)
  }

  private mutating func addBag(_ certificate: Certificate) throws(OpenSSLError) -> OpaquePointer {
    let x509 = try X509Codec.decode(certificate)
    var grown = unsafe stack
    let bag = try unsafe OpenSSLCall.pointer("PKCS12_add_cert") { unsafe PKCS12_add_cert(&grown, x509.pointer) }
    unsafe stack = unsafe grown
    return unsafe bag
  }

  private func describe(_ bag: OpaquePointer, _ alias: String?, _ localKeyID: [UInt8]) throws(OpenSSLError) {
    if let alias {
      try OpenSSLCall.success("PKCS12_add_friendlyname_utf8") {
        unsafe PKCS12_add_friendlyname_utf8(bag, alias, CInt(alias.utf8.count))
      }
    }
    guard !localKeyID.isEmpty else { return }
    try OpenSSLCall.success("PKCS12_add_localkeyid") {
      var localKeyID = localKeyID
      return unsafe PKCS12_add_localkeyid(bag, &localKeyID, CInt(localKeyID.count))
    }
  }

  /// `sun.security.pkcs12`'s TrustedKeyUsage attribute.
  private static let trustedKeyUsage = "2.16.840.1.113894.746875.1.1"
}
