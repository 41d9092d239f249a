// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What opening a PKCS #12 file costs, counted before it is paid: the file itself says how often a key derivation repeats
/// its function, up to 2^31 and more, and whoever made the file may want to keep a reader busy for hours.
struct PKCS12Cost: ~Copyable {
  private var spent: Int64 = 0
  private var (keys, certificates) = (0, 0)

  /// Rounds of key derivation over the whole file; a few seconds' work.
  ///
  /// The largest number that tools write by themselves is a million or two for the whole file.
  static let limit: Int64 = 3_000_000

  /// Keys times certificates of the whole file, each pair of which the reader compares in half a millisecond.
  ///
  /// A trust store has no keys, so that its certificates are as many as fit into ``PKCS12/sizeLimit``.
  static let pairLimit = 10_000

  mutating func add(_ rounds: Int64) throws(PKCS12Error) {
    guard rounds <= Self.limit - spent else { throw .tooCostly(limit: Int(Self.limit)) }
    spent += rounds
  }

  /// Adds what the contents cost, opening the outer encryption of each, since some of it stands inside.
  ///
  /// - Parameters:
  ///   - file: a `PKCS12`.
  ///   - password: opens the file; nil where the file was protected with no bytes at all.
  /// - Throws: `tooCostly` or `tooManyPairs`; what cannot be read costs nothing, since the reader fails on it too.
  @unsafe
  mutating func addContents(of file: OpaquePointer, _ password: UnsafePointer<CChar>?) throws(PKCS12Error) {
    let length: CInt = unsafe password == nil ? 0 : -1
    guard let contents = unsafe OpenSSLCall.observed({ unsafe PKCS12_unpack_authsafes(file) }).result else { return }
    defer { unsafe COpenSSL_sk_PKCS7_pop_free(contents) }
    for index in 0..<max(0, unsafe COpenSSL_sk_PKCS7_num(contents)) {
      guard let content = unsafe COpenSSL_sk_PKCS7_value(contents, index) else { continue }
      let encryption = unsafe COpenSSL_PKCS7_encryption(content)
      if let encryption = unsafe encryption { try add(unsafe COpenSSL_pbe_rounds(encryption)) }
      let isEncrypted = unsafe encryption != nil
      let bags = unsafe OpenSSLCall.observed {
        unsafe isEncrypted ? PKCS12_unpack_p7encdata(content, password, length) : PKCS12_unpack_p7data(content)
      }.result
      defer { unsafe COpenSSL_sk_PKCS12_SAFEBAG_pop_free(bags) }
      try unsafe add(bags: bags, depth: 0)
    }
  }

  @unsafe
  private mutating func add(bags: OpaquePointer?, depth: Int) throws(PKCS12Error) {
    guard let bags = unsafe bags else { return }
    guard depth < Self.depthLimit else { throw .tooCostly(limit: Int(Self.limit)) }
    for index in 0..<max(0, unsafe COpenSSL_sk_PKCS12_SAFEBAG_num(bags)) {
      guard let bag = unsafe COpenSSL_sk_PKCS12_SAFEBAG_value(bags, index) else { continue }
      let kind = unsafe PKCS12_SAFEBAG_get_nid(bag)
      if kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag { keys += 1 }
      if kind == NID_certBag { certificates += 1 }
      guard keys * certificates <= Self.pairLimit else { throw .tooManyPairs(limit: Self.pairLimit) }
      switch kind {
      case NID_pkcs8ShroudedKeyBag:
        guard let key = unsafe PKCS12_SAFEBAG_get0_pkcs8(bag) else { continue }
        var algorithm: UnsafePointer<X509_ALGOR>? = nil
        unsafe X509_SIG_get0(key, &algorithm, nil)
        if let algorithm = unsafe algorithm { try add(unsafe COpenSSL_pbe_rounds(algorithm)) }
      case NID_safeContentsBag:
        try unsafe add(bags: PKCS12_SAFEBAG_get0_safes(bag), depth: depth + 1)
      default: continue
      }
    }
  }

  /// Bags within bags; no program nests them.
  private static let depthLimit = 8
}
