// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// OpenSSL's security level, SSL_CTX_set_security_level(3): how short a key may be and how weak a digest.
enum SecurityLevel {
  /// What the distribution and the host's administrator set for TLS clients (`openssl.cnf`, crypto policy), so that a
  /// path is judged as every other program on the host judges it.
  static let host: CInt = {
    let context = unsafe OpenSSLCall.observed { unsafe SSL_CTX_new(TLS_client_method()) }.result
    guard let context = unsafe context else { return fallback }
    defer { unsafe SSL_CTX_free(context) }
    return unsafe SSL_CTX_get_security_level(context)
  }()

  /// 112 bits, where a broken `openssl.cnf` keeps OpenSSL from telling its own.
  private static let fallback: CInt = 2
}
