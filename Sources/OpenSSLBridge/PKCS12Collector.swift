// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// Takes keys and certificates out of the bags of a PKCS #12 file (RFC 7292, section 4.2).
///
/// `PKCS12_parse(3)` would give the first key alone, and no names.
@safe
struct PKCS12Collector {
  @unsafe private let password: UnsafePointer<CChar>?
  @unsafe private let context: OpaquePointer?
  private var keys: [(label: Label, key: PrivateKey)] = []
  private var certificates: [(label: Label, certificate: Certificate)] = []

  private var unknownBags = 0

  /// What a bag is called, and what pairs it with another.
  private struct Label {
    let alias: String?
    let pair: [UInt8]?
  }

  /// - Parameters:
  ///   - password: Outlives this value; nil where the file was protected with no bytes at all.
  ///   - context: The library context that opens encrypted keys; nil for the ordinary one.
  @unsafe
  init(password: UnsafePointer<CChar>?, context: OpaquePointer?) {
    unsafe self.password = unsafe password
    unsafe self.context = unsafe context
  }

  /// What was collected.
  var content: PKCS12.Content {
    let entries = keys.map { label, key in
      // A certificate that OpenSSL cannot read is nobody's.
      let own = certificates.filter { (try? key.fits($0.certificate)) == true }
      let leaf = own.first { label.pair != nil && $0.label.pair == label.pair } ?? own.first
      return PKCS12.Content.Entry(
        alias: label.alias ?? leaf?.label.alias, key: key, leaf: leaf?.certificate)
    }
    return PKCS12.Content(entries: entries, certificates: certificates.map(\.certificate), unknownBags: unknownBags)
  }

  /// Takes all that is in a `PKCS12` whose integrity has been checked.
  ///
  /// - Throws: `OpenSSLError` for what cannot be decrypted or read.
  @unsafe
  mutating func collect(file: OpaquePointer) throws(OpenSSLError) {
    let contents = try unsafe OpenSSLCall.pointer("PKCS12_unpack_authsafes") {
      unsafe PKCS12_unpack_authsafes(file)
    }
    defer { unsafe COpenSSL_sk_PKCS7_pop_free(contents) }
    for index in 0..<max(0, unsafe COpenSSL_sk_PKCS7_num(contents)) {
      guard let content = unsafe COpenSSL_sk_PKCS7_value(contents, index) else { continue }
      let isEncrypted = unsafe COpenSSL_PKCS7_encryption(content) != nil
      let bags = try unsafe OpenSSLCall.pointer("PKCS12_unpack_p7encdata") {
        unsafe isEncrypted
          ? PKCS12_unpack_p7encdata(content, password, passwordLength) : PKCS12_unpack_p7data(content)
      }
      defer { unsafe COpenSSL_sk_PKCS12_SAFEBAG_pop_free(bags) }
      try unsafe collect(bags: bags, depth: 0)
    }
  }

  @unsafe
  private mutating func collect(bags: OpaquePointer?, depth: Int) throws(OpenSSLError) {
    guard let bags = unsafe bags, depth < Self.depthLimit else { return }
    for index in 0..<max(0, unsafe COpenSSL_sk_PKCS12_SAFEBAG_num(bags)) {
      guard let bag = unsafe COpenSSL_sk_PKCS12_SAFEBAG_value(bags, index) else { continue }
      switch unsafe PKCS12_SAFEBAG_get_nid(bag) {
      case NID_keyBag:
        try unsafe add(key: PKCS12_SAFEBAG_get0_p8inf(bag), Self.label(of: bag))
      case NID_pkcs8ShroudedKeyBag:
        let (password, length, context) = unsafe (self.password, passwordLength, self.context)
        let opened = try unsafe Handle.make("PKCS12_decrypt_skey_ex", release: PKCS8_PRIV_KEY_INFO_free) {
          unsafe PKCS12_decrypt_skey_ex(bag, password, length, context, nil)
        }
        try unsafe add(key: opened.pointer, Self.label(of: bag))
      case NID_certBag where unsafe PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate:
        let x509 = try unsafe Handle.make("PKCS12_SAFEBAG_get1_cert", release: X509_free) {
          unsafe PKCS12_SAFEBAG_get1_cert(bag)
        }
        certificates.append((label: unsafe Self.label(of: bag), certificate: try unsafe X509Codec.encode(x509.pointer)))
      case NID_safeContentsBag:
        try unsafe collect(bags: PKCS12_SAFEBAG_get0_safes(bag), depth: depth + 1)
      default: unknownBags += 1
      }
    }
  }

  /// Makes a key of the ordinary library context, whichever opened it.
  @unsafe
  private mutating func add(key info: OpaquePointer?, _ label: Label) throws(OpenSSLError) {
    let key = try unsafe Handle.make("EVP_PKCS82PKEY", release: EVP_PKEY_free) { unsafe EVP_PKCS82PKEY(info) }
    keys.append((label: label, key: PrivateKey(takingOwnership: key)))
  }

  @unsafe
  private static func label(of bag: OpaquePointer) -> Label {
    let pair = unsafe COpenSSL_PKCS12_localKeyID(bag).map { mark in
      let bytes = unsafe UnsafeBufferPointer(start: ASN1_STRING_get0_data(mark), count: Int(ASN1_STRING_length(mark)))
      return unsafe Array(bytes)
    }
    return unsafe Label(alias: alias(of: bag), pair: pair)
  }

  /// The friendlyName (RFC 2985, section 5.5.1); nil for none.
  @unsafe
  private static func alias(of bag: OpaquePointer) -> String? {
    guard let text = unsafe OpenSSLCall.observed({ unsafe PKCS12_get_friendlyname(bag) }).result else { return nil }
    defer { unsafe COpenSSL_OPENSSL_free(text) }
    let name = unsafe String(cString: text)
    return name.isEmpty ? nil : name
  }

  private var passwordLength: CInt { unsafe password == nil ? 0 : -1 }

  /// Bags within bags, as ``PKCS12Cost`` counts them.
  private static let depthLimit = 8
}
