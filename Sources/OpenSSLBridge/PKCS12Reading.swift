// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
package import Host

extension PKCS12 {
  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, DER or BER.
  ///   - password: UTF-8, may be empty; both ways in which programs write an empty password are tried.
  /// - Returns: Key and certificates.
  /// - Throws: `PKCS12Error`.
  package static func decode(_ bytes: SecretBytes, password: SecretBytes) throws(PKCS12Error) -> Content {
    let password = try CPassword(password)
    let reader = try PKCS12Reader(bytes)
    guard reader.isProtected(by: password) else { throw .wrongPassword }
    do throws(OpenSSLError) {
      return try reader.content(password)
    } catch {
      throw .unsupported(error)
    }
  }
}

/// One file while it is read.
private struct PKCS12Reader: ~Copyable {
  private let file: Handle

  init(_ bytes: SecretBytes) throws(PKCS12Error) {
    do throws(OpenSSLError) {
      file = try unsafe bytes.withUnsafeBytes { (buffer) throws(OpenSSLError) -> Handle in
        var next = unsafe buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        return try unsafe Handle.make("d2i_PKCS12", release: PKCS12_free) {
          unsafe d2i_PKCS12(nil, &next, CLong(buffer.count))
        }
      }
    } catch {
      throw .malformed(error)
    }
  }

  /// Whether the integrity check holds.
  ///
  /// An empty password is the BMPString of a lone zero to some programs and no bytes at all to others.
  borrowing func isProtected(by password: CPassword) -> Bool {
    let pointer = unsafe file.pointer
    let isVerified = unsafe password.withCString { text in
      OpenSSLCall.observed { unsafe PKCS12_verify_mac(pointer, text, -1) }.result == 1
    }
    if isVerified { return true }
    return password.isEmpty && OpenSSLCall.observed { unsafe PKCS12_verify_mac(pointer, nil, 0) }.result == 1
  }

  borrowing func content(_ password: CPassword) throws(OpenSSLError) -> PKCS12.Content {
    let pointer = unsafe file.pointer
    var key: OpaquePointer? = nil
    var leaf: OpaquePointer? = nil
    var others: OpaquePointer? = nil
    defer {
      unsafe X509_free(leaf)
      unsafe COpenSSL_sk_X509_pop_free(others)
    }
    try unsafe password.withCString { (text) throws(OpenSSLError) in
      _ = try OpenSSLCall.success("PKCS12_parse") { unsafe PKCS12_parse(pointer, text, &key, &leaf, &others) }
    }
    let privateKey = unsafe key.map {
      unsafe PrivateKey(takingOwnership: Handle(takingOwnership: $0, release: EVP_PKEY_free))
    }
    var certificates: [Certificate] = []
    for index in 0..<max(0, unsafe COpenSSL_sk_X509_num(others)) {
      guard let object = unsafe COpenSSL_sk_X509_value(others, index) else { continue }
      certificates.append(try unsafe X509Codec.encode(object))
    }
    var own: Certificate?
    if let leaf = unsafe leaf { own = try unsafe X509Codec.encode(leaf) }
    return PKCS12.Content(key: privateKey, leaf: own, others: certificates)
  }
}
