// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

@testable import OpenSSLBridge

@Suite struct KeyShareReuseTests {
  private static let hasOwnContext = unsafe TLSLibrary.context != nil

  /// Where the host's policy, such as FIPS mode, allows no library context of our own, handshakes use the ordinary one.
  @Test(.enabled(if: Self.hasOwnContext, "this host allows only the ordinary library context"))
  func sharesAKeyForAWhile() throws {
    // Handshakes of other tests take copies at the same time, so that where a key ends is not known.
    let keys = try (0..<2 * KeyShareReuse.limit).map { _ in try publicKey(inTLSLibrary: true) }
    let changes = zip(keys, keys.dropFirst()).count { $0 != $1 }
    #expect(changes >= 1)
    #expect(changes < KeyShareReuse.limit / 8)
    // A key that was given up does not come back.
    #expect(Set(keys).count == changes + 1)
  }

  @Test func leavesTheOrdinaryLibraryAlone() throws {
    let keys = try (0..<8).map { _ in try publicKey(inTLSLibrary: false) }
    #expect(Set(keys).count == keys.count)
  }

  /// What a client of TLS 1.2 asks for, to put the server's public key into.
  @Test(.enabled(if: Self.hasOwnContext, "this host allows only the ordinary library context"))
  func aRequestOfParametersGetsNoKeyAndSpoilsNone() throws {
    var notBlank = 0
    for _ in 0..<3 * KeyShareReuse.limit {
      if try !isBlank() { notBlank += 1 }
      _ = try publicKey(inTLSLibrary: true)
    }
    #expect(notBlank == 0)
  }

  /// Whether what is made for a request of parameters alone has no private half.
  private func isBlank() throws(OpenSSLError) -> Bool {
    let request = unsafe try OpenSSLCall.pointer("EVP_PKEY_CTX_new_from_name") {
      unsafe EVP_PKEY_CTX_new_from_name(TLSLibrary.context, "X25519", nil)
    }
    defer { unsafe EVP_PKEY_CTX_free(request) }
    try OpenSSLCall.success("EVP_PKEY_paramgen_init") { unsafe EVP_PKEY_paramgen_init(request) }
    let key = unsafe try OpenSSLCall.pointer("EVP_PKEY_paramgen") {
      var key: OpaquePointer?
      _ = unsafe EVP_PKEY_paramgen(request, &key)
      return unsafe key
    }
    defer { unsafe EVP_PKEY_free(key) }
    return unsafe privateLength(of: key) == 0
  }

  /// How many bytes the private half has; OpenSSL leaves the number alone when there is none.
  private func privateLength(of key: OpaquePointer) -> Int {
    var length = 0
    return OpenSSLCall.observed {
      unsafe EVP_PKEY_get_raw_private_key(key, nil, &length) == 1 ? length : 0
    }.result
  }

  /// Makes an X25519 key as libssl does for a ClientHello, and returns the public half.
  private func publicKey(inTLSLibrary: Bool) throws(OpenSSLError) -> [UInt8] {
    let request = unsafe try OpenSSLCall.pointer("EVP_PKEY_CTX_new_from_name") {
      unsafe EVP_PKEY_CTX_new_from_name(inTLSLibrary ? TLSLibrary.context : nil, "X25519", nil)
    }
    defer { unsafe EVP_PKEY_CTX_free(request) }
    try OpenSSLCall.success("EVP_PKEY_keygen_init") { unsafe EVP_PKEY_keygen_init(request) }
    let key = unsafe try OpenSSLCall.pointer("EVP_PKEY_generate") {
      var key: OpaquePointer?
      _ = unsafe EVP_PKEY_generate(request, &key)
      return unsafe key
    }
    defer { unsafe EVP_PKEY_free(key) }
    var bytes = [UInt8](repeating: 0, count: 32)
    var length = bytes.count
    try OpenSSLCall.success("EVP_PKEY_get_raw_public_key") {
      unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &length)
    }
    // A copy must be able to agree on a secret, so it has the private half too.
    #expect(unsafe privateLength(of: key) == 32)
    return bytes
  }
}
