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
    do {
      return try unsafe decode(bytes, password, nil)
    } catch .unsupported(let error) {
      guard let legacy = unsafe LegacyLibrary.context else { throw .unsupported(error) }
      return try unsafe decode(bytes, password, legacy)
    }
  }

  /// Reads a file with the algorithms of a library context, nil for the ordinary one.
  private static func decode(
    _ bytes: SecretBytes, _ password: CPassword, _ context: OpaquePointer?
  ) throws(PKCS12Error) -> Content {
    let reader = try unsafe PKCS12Reader(bytes, context)
    var cost = PKCS12Cost()
    guard let form = try reader.protection(by: password, &cost) else { throw .wrongPassword }
    try reader.addContents(password, form, to: &cost)
    do throws(OpenSSLError) {
      return try reader.content(password, form)
    } catch {
      throw .unsupported(error)
    }
  }

  /// Whether bytes have the outer form of such a file, whatever opens it.
  package static func isRecognised(_ bytes: SecretBytes) -> Bool {
    do throws(PKCS12Error) {
      _ = try unsafe PKCS12Reader(bytes, nil)
      return true
    } catch {
      return false
    }
  }

  /// Whether the password is the one that protects the file's integrity, which is much less work than to read it.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, as for ``decode(_:password:)``.
  ///   - password: UTF-8, may be empty.
  /// - Returns: false for another password, and for a damaged file.
  /// - Throws: `PKCS12Error` when the bytes are no such file, or one that is too large or too costly, or has no integrity
  ///   check that can be made.
  package static func opens(_ bytes: SecretBytes, password: SecretBytes) throws(PKCS12Error) -> Bool {
    var cost = PKCS12Cost()
    return try unsafe PKCS12Reader(bytes, nil).protection(by: CPassword(password), &cost) != nil
  }

  /// Bytes; a trust store with every public root has a quarter of a megabyte.
  package static let sizeLimit = 4 << 20
}

/// One file while it is read.
@safe
private struct PKCS12Reader: ~Copyable {
  private let file: Handle
  @unsafe private let context: OpaquePointer?

  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - context: An `OSSL_LIB_CTX` that lives as long as the process, or nil for the ordinary one.
  /// - Throws: `tooLarge` or `malformed`.
  init(_ bytes: SecretBytes, _ context: OpaquePointer?) throws(PKCS12Error) {
    file = try unsafe Self.parse(bytes, context)
    unsafe self.context = unsafe context
  }

  private static func parse(_ bytes: SecretBytes, _ context: OpaquePointer?) throws(PKCS12Error) -> Handle {
    guard bytes.count <= PKCS12.sizeLimit else { throw .tooLarge(limit: PKCS12.sizeLimit) }
    do throws(OpenSSLError) {
      return try unsafe bytes.withUnsafeBytes { (buffer) throws(OpenSSLError) -> Handle in
        var next = unsafe buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        return try unsafe Handle.make("d2i_PKCS12", release: PKCS12_free) {
          // Filled in place, since only an object that was made with a context keeps it (PKCS12_init_ex(3)); a failure
          // frees it and clears the variable.
          var object = unsafe PKCS12_init_ex(NID_pkcs7_data, context, nil)
          guard unsafe object != nil else { return nil }
          return unsafe d2i_PKCS12(&object, &next, CLong(buffer.count))
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
  ///
  /// - Throws: `tooCostly`; `unsupported` for a file without an integrity check, or with one that OpenSSL cannot make.
  borrowing func protection(by password: CPassword, _ cost: inout PKCS12Cost) throws(PKCS12Error) -> PasswordForm? {
    let pointer = unsafe file.pointer
    try cost.add(unsafe COpenSSL_PKCS12_mac_rounds(pointer))
    let isVerified = try unsafe password.withCString { (text) throws(PKCS12Error) -> Bool in
      try Self.holds { unsafe PKCS12_verify_mac(pointer, text, -1) }
    }
    if isVerified { return .text }
    guard password.isEmpty, try Self.holds({ unsafe PKCS12_verify_mac(pointer, nil, 0) }) else { return nil }
    return .noBytes
  }

  /// Whether a check holds; that of a wrong password, which is computed and differs, leaves nothing in the error queue.
  private static func holds(_ check: () -> CInt) throws(PKCS12Error) -> Bool {
    let (result, entries) = OpenSSLCall.observed(check)
    guard result == 1 || entries.isEmpty else {
      throw .unsupported(OpenSSLError(function: "PKCS12_verify_mac", entries: entries))
    }
    return result == 1
  }

  borrowing func addContents(
    _ password: CPassword, _ form: PasswordForm, to cost: inout PKCS12Cost
  ) throws(PKCS12Error) {
    let pointer = unsafe file.pointer
    try unsafe password.withForm(form) { (text) throws(PKCS12Error) in
      try unsafe cost.addContents(of: pointer, text)
    }
  }

  borrowing func content(_ password: CPassword, _ form: PasswordForm) throws(OpenSSLError) -> PKCS12.Content {
    let (pointer, context) = unsafe (file.pointer, context)
    return try unsafe password.withForm(form) { (text) throws(OpenSSLError) in
      var collector = unsafe PKCS12Collector(password: text, context: context)
      try unsafe collector.collect(file: pointer)
      return collector.content
    }
  }
}

extension CPassword {
  /// Lends the password as a file has it: nil stands for no bytes at all.
  fileprivate func withForm<Result, Failure: Error>(
    _ form: PKCS12Reader.PasswordForm, _ body: (UnsafePointer<CChar>?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch form {
    case .noBytes: try body(nil)
    case .text: try unsafe withCString(body)
    }
  }
}
