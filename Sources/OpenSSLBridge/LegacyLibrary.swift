// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// OpenSSL with its legacy provider, for PKCS #12 files that older programs wrote (RC2 with 40 bits, mostly).
///
/// A library context of its own keeps these algorithms from everything else: no handshake and no signature can meet them,
/// OSSL_PROVIDER-legacy(7). What is read here leaves the context as bytes or as an ordinary key.
enum LegacyLibrary {
  /// The context; nil where the host has no legacy provider, or runs in FIPS mode.
  ///
  /// It lives as long as the process.
  static var context: OpaquePointer? { unsafe shared.context }

  private static let shared = Loaded()

  @safe
  private struct Loaded: Sendable {
    // Contexts are made to be shared by threads, OSSL_LIB_CTX(3).
    nonisolated(unsafe) let context: OpaquePointer?

    init() {
      guard EVP_default_properties_is_fips_enabled(nil) == 0, let context = unsafe OSSL_LIB_CTX_new() else {
        unsafe context = nil
        return
      }
      guard unsafe OSSL_PROVIDER_load(context, "legacy") != nil, unsafe OSSL_PROVIDER_load(context, "default") != nil
      else {
        ERR_clear_error()
        unsafe OSSL_LIB_CTX_free(context)
        unsafe self.context = nil
        return
      }
      unsafe self.context = context
    }
  }
}
