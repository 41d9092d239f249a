// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
package import Host

extension PKCS12 {
  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, DER or BER; at most ``sizeLimit``, and no costlier to open than a few seconds' work.
  ///   - password: UTF-8, may be empty; both ways in which programs write an empty password are tried.
  /// - Returns: Key and certificates.
  /// - Throws: `PKCS12Error`.
  package static func decode(_ bytes: SecretBytes, password: SecretBytes) throws(PKCS12Error) -> Content {
    let password = try CPassword(password)
    let reader = try PKCS12Reader(bytes)
    var cost = PKCS12Cost()
    guard let form = try reader.protection(by: password, &cost) else { throw .wrongPassword }
    try reader.addContents(password, form, to: &cost)
    do throws(OpenSSLError) {
      return try reader.content(password)
    } catch {
      throw .unsupported(error)
    }
  }

  /// Whether the password is the one that protects the file's integrity, which is much less work than to read it.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, as for ``decode(_:password:)``.
  ///   - password: UTF-8, may be empty.
  /// - Returns: false for another password, and for a damaged file.
  /// - Throws: `PKCS12Error` when the bytes are no such file, or one that is too large or too costly.
  package static func opens(_ bytes: SecretBytes, password: SecretBytes) throws(PKCS12Error) -> Bool {
    var cost = PKCS12Cost()
    return try PKCS12Reader(bytes).protection(by: CPassword(password), &cost) != nil
  }

  /// Bytes; a trust store with every public root has a quarter of a megabyte.
  package static let sizeLimit = 4 << 20
}

/// One file while it is read.
private struct PKCS12Reader: ~Copyable {
  private let file: Handle

  init(_ bytes: SecretBytes) throws(PKCS12Error) {
    guard bytes.count <= PKCS12.sizeLimit else { throw .tooLarge(limit: PKCS12.sizeLimit) }
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

  /// How a password stands in a file: an empty one is the BMPString of a lone zero to some programs and no bytes at all
  /// to others.
  enum PasswordForm {
    case text
    case noBytes
  }

  /// In which form of the password the integrity check holds; nil if in none.
  borrowing func protection(by password: CPassword, _ cost: inout PKCS12Cost) throws(PKCS12Error) -> PasswordForm? {
    let pointer = unsafe file.pointer
    try cost.add(unsafe COpenSSL_PKCS12_mac_rounds(pointer))
    let isVerified = unsafe password.withCString { text in
      OpenSSLCall.observed { unsafe PKCS12_verify_mac(pointer, text, -1) }.result == 1
    }
    if isVerified { return .text }
    return password.isEmpty && OpenSSLCall.observed { unsafe PKCS12_verify_mac(pointer, nil, 0) }.result == 1
      ? .noBytes : nil
  }

  borrowing func addContents(
    _ password: CPassword, _ form: PasswordForm, to cost: inout PKCS12Cost
  ) throws(PKCS12Error) {
    let pointer = unsafe file.pointer
    switch form {
    case .noBytes: try unsafe cost.addContents(of: pointer, nil)
    case .text:
      try unsafe password.withCString { (text) throws(PKCS12Error) in
        try unsafe cost.addContents(of: pointer, text)
      }
    }
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
