// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// How handshakes with tracked servers are made: one `SSL_CTX` that all connections share.
///
/// It is made to see a chain, not to protect data: it speaks with servers as old as TLS 1.0, takes every certificate,
/// and never shows one. Whether a chain is trusted is for ``PathBuilder`` to say, from the certificates alone.
@safe
package final class TLSPolicy: Sendable {
  // Set up in `init` only; OpenSSL allows any number of threads to make connections of one SSL_CTX.
  nonisolated(unsafe) let pointer: OpaquePointer
  /// More certificates than this in one chain count as too large.
  let certificateLimit: Int
  /// What a server may send until its handshake is done, in bytes: its chain, and as much again for the rest, such as
  /// the names of the authorities whose client certificates it takes.
  let handshakeLimit: Int

  /// - Parameters:
  ///   - chainSizeLimit: What a server's Certificate message may have, in bytes.
  ///   - certificateLimit: How many certificates it may have.
  /// - Throws: `OpenSSLError` when the host's OpenSSL cannot do TLS at all.
  package init(chainSizeLimit: Int = 128 * 1024, certificateLimit: Int = 64) throws(OpenSSLError) {
    let pointer = unsafe try OpenSSLCall.pointer("SSL_CTX_new_ex") {
      unsafe SSL_CTX_new_ex(TLSLibrary.context, nil, TLS_client_method())
    }
    unsafe self.pointer = unsafe pointer
    self.certificateLimit = certificateLimit
    handshakeLimit = 2 * chainSizeLimit
    // Level 0 takes SHA-1 signatures and short keys: old servers are exactly those whose end dates get forgotten.
    unsafe SSL_CTX_set_security_level(pointer, 0)
    try OpenSSLCall.success("SSL_CTX_set_min_proto_version") {
      unsafe COpenSSL_SSL_CTX_set_min_proto_version(pointer, TLS1_VERSION)
    }
    // The host's openssl.cnf may cap versions for others; a capped probe would only see less.
    try OpenSSLCall.success("SSL_CTX_set_max_proto_version") {
      unsafe COpenSSL_SSL_CTX_set_max_proto_version(pointer, 0)
    }
    // Without anonymous and pre-shared-key suites, which have no certificate.
    try OpenSSLCall.success("SSL_CTX_set_cipher_list") {
      unsafe SSL_CTX_set_cipher_list(pointer, "ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0")
    }
    // The cheapest first, since nothing is ever sent under it.
    try OpenSSLCall.success("SSL_CTX_set_ciphersuites") {
      unsafe SSL_CTX_set_ciphersuites(
        pointer, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
    }
    unsafe Self.preferCheapGroups(pointer)
    unsafe COpenSSL_SSL_CTX_set_session_cache_mode(pointer, CLong(SSL_SESS_CACHE_OFF))
    // The last one: servers from before RFC 5746 count as reachable.
    unsafe SSL_CTX_set_options(
      pointer,
      COpenSSL_SSL_OP_NO_TICKET | COpenSSL_SSL_OP_NO_COMPRESSION | COpenSSL_SSL_OP_LEGACY_SERVER_CONNECT)
    unsafe COpenSSL_SSL_CTX_set_mode(pointer, CLong(SSL_MODE_RELEASE_BUFFERS))
    // A server's flight is five records or more: one read instead of two for each.
    unsafe COpenSSL_SSL_CTX_set_read_ahead(pointer, 1)
    unsafe COpenSSL_SSL_CTX_set_max_cert_list(pointer, chainSizeLimit)
    unsafe SSL_CTX_set_cert_verify_callback(pointer, captureChain, nil)
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  /// Offers a key share of X25519 alone, so that later OpenSSL releases do not add one of a kilobyte.
  ///
  /// Where a group is not available, as in FIPS mode, the library's own list stays.
  private static func preferCheapGroups(_ pointer: OpaquePointer) {
    let list = "X25519:P-256:P-384:P-521:ffdhe2048:ffdhe3072"
    if unsafe COpenSSL_SSL_CTX_set1_groups_list(pointer, list) != 1 { ERR_clear_error() }
  }
}

/// Called with what the server sent, before OpenSSL goes on with the handshake, SSL_CTX_set_cert_verify_callback(3).
///
/// Keeps the encodings, so that the chain is known whatever becomes of the handshake, and accepts everything.
private func captureChain(_ store: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
  guard let store = unsafe store,
    let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
    let session = unsafe SSL_get_ex_data(OpaquePointer(ssl), TLSSession.sessionIndex)
  else { return 0 }
  unsafe Unmanaged<TLSSession>.fromOpaque(session).takeUnretainedValue()
    .capture(X509_STORE_CTX_get0_untrusted(store))
  return 1
}
