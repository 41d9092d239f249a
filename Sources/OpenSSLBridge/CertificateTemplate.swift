// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
package import FoundationEssentials

/// What is written into a new X.509 version 3 certificate, apart from keys and signature (RFC 5280, section 4.1.2).
package struct CertificateTemplate: Sendable {
  /// An extension by OpenSSL's short name and in the syntax of x509v3_config(5), such as "basicConstraints" with
  /// "critical,CA:FALSE".
  ///
  /// That syntax can read files and expand variables: never build it from outside input.
  package struct Extension: Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var subject: DistinguishedName
  /// Nil for the subject itself.
  package var issuer: DistinguishedName?
  /// Positive, most significant byte first; nil for 127 random bits.
  package var serialNumber: [UInt8]?
  /// Fractions of a second are cut off.
  package var notBefore: Date
  /// Inclusive; fractions of a second are cut off.
  package var notAfter: Date
  package var extensions: [Extension] = []
  /// OpenSSL's name of the signature's digest.
  package var digest = "SHA2-256"

  package init(subject: DistinguishedName, notBefore: Date, notAfter: Date) {
    self.subject = subject
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  /// Makes the certificate.
  ///
  /// - Parameters:
  ///   - key: Its public half is certified.
  ///   - issuerKey: Signs.
  ///   - issuerCertificate: Whose key identifier is named; nil for a self-signed certificate.
  /// - Returns: The certificate.
  /// - Throws: `OpenSSLError`.
  package func certify(
    _ key: PrivateKey, signedBy issuerKey: PrivateKey, of issuerCertificate: Certificate? = nil
  ) throws(OpenSSLError) -> Certificate {
    let x509 = unsafe try Handle.make("X509_new", release: X509_free) { unsafe X509_new() }
    try OpenSSLCall.success("X509_set_version") { unsafe X509_set_version(x509.pointer, CLong(X509_VERSION_3)) }
    try setSerialNumber(x509)
    try setNames(x509)
    try setTimes(x509)
    try OpenSSLCall.success("X509_set_pubkey") { unsafe X509_set_pubkey(x509.pointer, key.pointer) }
    try addExtensions(x509, issuerCertificate)
    try sign(x509, issuerKey)
    return try unsafe X509Codec.encode(x509.pointer)
  }

  private func setSerialNumber(_ x509: borrowing Handle) throws(OpenSSLError) {
    var bytes = serialNumber ?? []
    if serialNumber == nil {
      bytes = try Random.bytes(16)
      // RFC 5280, section 4.1.2.2: positive. The second highest bit keeps it from being zero.
      bytes[0] = bytes[0] & 0x7F | 0x40
    }
    let number = unsafe try Handle.make("BN_bin2bn", release: BN_free) {
      unsafe BN_bin2bn(bytes, CInt(bytes.count), nil)
    }
    let target = unsafe X509_get_serialNumber(x509.pointer)
    _ = unsafe try OpenSSLCall.pointer("BN_to_ASN1_INTEGER") { unsafe BN_to_ASN1_INTEGER(number.pointer, target) }
  }

  private func setNames(_ x509: borrowing Handle) throws(OpenSSLError) {
    let pointer = unsafe x509.pointer
    let subject = try Self.name(subject)
    try OpenSSLCall.success("X509_set_subject_name") { unsafe X509_set_subject_name(pointer, subject.pointer) }
    let issuer = try Self.name(issuer ?? self.subject)
    try OpenSSLCall.success("X509_set_issuer_name") { unsafe X509_set_issuer_name(pointer, issuer.pointer) }
  }

  private static func name(_ name: DistinguishedName) throws(OpenSSLError) -> Handle {
    unsafe try Handle.make("d2i_X509_NAME", release: X509_NAME_free) {
      unsafe name.derBytes.withUnsafeBufferPointer { buffer in
        var next = buffer.baseAddress
        return unsafe d2i_X509_NAME(nil, &next, CLong(buffer.count))
      }
    }
  }

  private func setTimes(_ x509: borrowing Handle) throws(OpenSSLError) {
    let pointer = unsafe x509.pointer
    // `ASN1_TIME_set` chooses between UTCTime and GeneralizedTime as RFC 5280, section 4.1.2.5, demands.
    _ = unsafe try OpenSSLCall.pointer("ASN1_TIME_set") {
      unsafe ASN1_TIME_set(X509_getm_notBefore(pointer), notBefore.unixSeconds)
    }
    _ = unsafe try OpenSSLCall.pointer("ASN1_TIME_set") {
      unsafe ASN1_TIME_set(X509_getm_notAfter(pointer), notAfter.unixSeconds)
    }
  }

  private func addExtensions(_ x509: borrowing Handle, _ issuerCertificate: Certificate?) throws(OpenSSLError) {
    let subject = unsafe x509.pointer
    let issuer = unsafe try Self.issuer(issuerCertificate, subject)
    let issuerPointer = unsafe issuer.pointer
    for wanted in extensions {
      let made = unsafe try Handle.make("X509V3_EXT_nconf", release: X509_EXTENSION_free) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuerPointer, subject, nil, nil, 0)
        return unsafe X509V3_EXT_nconf(nil, &context, wanted.name, wanted.value)
      }
      try OpenSSLCall.success("X509_add_ext") { unsafe X509_add_ext(subject, made.pointer, -1) }
    }
  }

  /// The issuer's certificate, or the new one itself, whose key identifier is then its own.
  private static func issuer(_ certificate: Certificate?, _ subject: OpaquePointer) throws(OpenSSLError) -> Handle {
    if let certificate { return try X509Codec.decode(certificate) }
    unsafe X509_up_ref(subject)
    return unsafe Handle(takingOwnership: subject, release: X509_free)
  }

  private func sign(_ x509: borrowing Handle, _ issuerKey: PrivateKey) throws(OpenSSLError) {
    let pointer = unsafe x509.pointer
    let algorithm = unsafe try Handle.make("EVP_MD_fetch", release: EVP_MD_free) {
      unsafe EVP_MD_fetch(nil, digest, nil)
    }
    try OpenSSLCall.success("X509_sign") { unsafe X509_sign(pointer, issuerKey.pointer, algorithm.pointer) }
  }
}
