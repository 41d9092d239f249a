// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
import Host
import OpenSSLBridge

/// What a ``TLSServer`` shows: a leaf with its key, and whatever else it sends, in exactly this order.
///
/// Nothing is checked or completed, since odd chains are what such a server is for; only the leaf must come first and
/// fit the key, without which no handshake is possible.
package struct TLSServerIdentity: Sendable {
  /// DER, in the order in which they are sent.
  package var certificates: [[UInt8]]
  /// DER: PKCS#8, PKCS#1 or SEC1.
  package var privateKey: [UInt8]

  package init(certificates: [[UInt8]], privateKey: [UInt8]) {
    self.certificates = certificates
    self.privateKey = privateKey
  }

  /// Shows a test identity.
  ///
  /// - Parameters:
  ///   - identity: Its certificate is the leaf.
  ///   - others: What is sent after the leaf; `nil`: what a well-behaved server sends.
  /// - Throws: `PrivateKeyError` when the key cannot be encoded.
  package init(_ identity: TestIdentity, sending others: [Certificate]? = nil) throws {
    let chain = others.map { [identity.certificate] + $0 } ?? identity.chain
    self.init(
      certificates: chain.map(\.derBytes), privateKey: try identity.key.pkcs8DER().copyBytes())
  }
}

/// A server or a peer of the tests could not be set up.
package struct TestServerError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  static func openSSL(_ function: String) -> TestServerError {
    let code = ERR_get_error()
    let reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
    return TestServerError("\(function): \(reason ?? "error \(code)")")
  }
}

/// An identity in OpenSSL's form, shared by all connections that show it.
@safe
final class LoadedIdentity: Sendable {
  // Reference-counted by OpenSSL with atomic counters and never changed after `init`.
  nonisolated(unsafe) let leaf: OpaquePointer
  nonisolated(unsafe) let key: OpaquePointer
  nonisolated(unsafe) let others: OpaquePointer

  init(_ identity: TLSServerIdentity) throws {
    guard let first = identity.certificates.first else { throw TestServerError("a server identity needs a leaf") }
    let leaf = try unsafe Self.certificate(first)
    guard let others = unsafe COpenSSL_sk_X509_new_null() else { throw TestServerError.openSSL("sk_X509_new_null") }
    for der in identity.certificates.dropFirst() {
      unsafe COpenSSL_sk_X509_push(others, try Self.certificate(der))
    }
    let key: OpaquePointer? = unsafe identity.privateKey.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress
      return unsafe d2i_AutoPrivateKey(nil, &start, buffer.count)
    }
    guard let key = unsafe key else { throw TestServerError.openSSL("d2i_AutoPrivateKey") }
    unsafe self.leaf = leaf
    unsafe self.others = others
    unsafe self.key = key
  }

  deinit {
    unsafe X509_free(leaf)
    unsafe COpenSSL_sk_X509_pop_free(others)
    unsafe EVP_PKEY_free(key)
  }

  /// Makes a connection show this identity in place of the one it had.
  func install(in ssl: OpaquePointer) -> Bool {
    unsafe SSL_use_cert_and_key(ssl, leaf, key, others, 1) == 1
  }

  private static func certificate(_ der: [UInt8]) throws -> OpaquePointer {
    let certificate: OpaquePointer? = unsafe der.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress
      return unsafe d2i_X509(nil, &start, buffer.count)
    }
    guard let certificate = unsafe certificate else { throw TestServerError.openSSL("d2i_X509") }
    return unsafe certificate
  }
}
