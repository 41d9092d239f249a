// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
package import Host

/// PKCS #12 files, RFC 7292: a private key with its certificates, or certificates that a Java program trusts.
package enum PKCS12 {
  /// How keys and certificates are encrypted and the whole is protected.
  package enum Profile: String, Hashable, Sendable, CaseIterable {
    /// PBES2 with AES-256-CBC and PBKDF2 of HMAC-SHA-256 (RFC 8018), integrity by HMAC-SHA-256.
    case modern
    /// pbeWithSHA1And3-KeyTripleDES-CBC for both (RFC 7292, appendix C), integrity by HMAC-SHA-1: for SAP libraries and
    /// Java versions that know nothing newer.
    case legacy

    /// Rounds of key derivation, for encryption and integrity alike, since a guesser takes the cheaper door.
    ///
    /// `modern`: ten times Java's number; some 50 ms for each derivation, which a consumer pays at start and a guesser at
    /// each guess. `legacy`: OpenSSL's own number, which old libraries were tested with; its derivation is no obstacle
    /// to a guesser anyway.
    var iterations: CInt {
      switch self {
      case .modern: 100_000
      case .legacy: PKCS12_DEFAULT_ITER
      }
    }

    var encryption: CInt {
      switch self {
      case .modern: NID_aes_256_cbc
      case .legacy: NID_pbe_WithSHA1And3_Key_TripleDES_CBC
      }
    }
  }

  /// What a file holds.
  package struct Content: Sendable {
    /// A private key with its certificate.
    package struct Entry: Sendable {
      /// The friendlyName of the key, or else of its certificate; nil for none.
      package let alias: String?
      package let key: PrivateKey
      /// The certificate that the file pairs with the key, or else the first that the key fits; nil when it fits none.
      package let leaf: Certificate?
    }

    /// In the order of the file; empty for one without a private key, and more than one where a program keeps all its
    /// identities in one file.
    package let entries: [Entry]
    /// All certificates, in the order of the file.
    package let certificates: [Certificate]
    /// How many entries are neither a key nor an X.509 certificate, such as revocation lists and secrets of programs.
    package let unknownBags: Int

    /// The first private key; nil for a file without one.
    package var key: PrivateKey? { entries.first?.key }
    /// The certificate of `key`.
    package var leaf: Certificate? { entries.first?.leaf }
    /// All other certificates, in the order of the file.
    package var others: [Certificate] { certificates.filter { $0 != leaf } }
  }

  /// Writes a key with its certificate and the issuers.
  ///
  /// - Parameters:
  ///   - key: The private key.
  ///   - leaf: Its certificate.
  ///   - issuers: Further certificates, in this order.
  ///   - alias: The friendlyName of key and leaf, by which Java and STRUST list them; nil for none.
  ///   - password: UTF-8, may be empty; without a zero byte.
  ///   - profile: The protection.
  /// - Returns: The file; salts make each one different.
  /// - Throws: `PKCS12Error`.
  package static func encode(
    key: PrivateKey, leaf: Certificate, issuers: [Certificate], alias: String?, password: SecretBytes,
    profile: Profile
  ) throws(PKCS12Error) -> SecretBytes {
    let password = try CPassword(password)
    let fits: Bool
    do throws(PrivateKeyError) {
      fits = try key.fits(leaf)
    } catch {
      guard case .failed(let cause) = error else { throw .keyDoesNotFit }
      throw .failed(cause)
    }
    guard fits else { throw .keyDoesNotFit }
    do throws(OpenSSLError) {
      // The SHA-1 of the certificate pairs key and leaf, as OpenSSL does it (RFC 7292, section 4.2, leaves it open).
      let pair = Digest.sha1(leaf.derBytes)
      var certificates = PKCS12Bags()
      try certificates.add(leaf, alias: alias, localKeyID: pair)
      for issuer in issuers { try certificates.add(issuer) }
      var keys = PKCS12Bags()
      try keys.add(key, alias: alias, localKeyID: pair, password: password, profile: profile)
      var file = PKCS12Safes()
      try file.add(certificates, password: password, profile: profile)
      try file.addUnencrypted(keys)
      return try file.finish(password: password, profile: profile)
    } catch {
      throw .failed(error)
    }
  }

  /// Writes certificates that Java lists as `trustedCertEntry`.
  ///
  /// Java takes a certificate without a key for trusted only if it carries Oracle's attribute
  /// 2.16.840.1.113894.746875.1.1 (trusted key usage), here with anyExtendedKeyUsage as `keytool` itself writes it.
  ///
  /// - Parameters:
  ///   - entries: At least one; certificates with the alias by which Java lists each; aliases differ in more than case.
  ///   - password: UTF-8; Java's tools want six characters or more.
  ///   - profile: The protection.
  /// - Returns: The file; salts make each one different.
  /// - Throws: `PKCS12Error`.
  package static func encodeTruststore(
    _ entries: [(alias: String, certificate: Certificate)], password: SecretBytes, profile: Profile = .modern
  ) throws(PKCS12Error) -> SecretBytes {
    guard !entries.isEmpty else { throw .noCertificates }
    let password = try CPassword(password)
    do throws(OpenSSLError) {
      var certificates = PKCS12Bags()
      for entry in entries { try certificates.addTrusted(entry.certificate, alias: entry.alias) }
      var file = PKCS12Safes()
      try file.add(certificates, password: password, profile: profile)
      return try file.finish(password: password, profile: profile)
    } catch {
      throw .failed(error)
    }
  }
}
