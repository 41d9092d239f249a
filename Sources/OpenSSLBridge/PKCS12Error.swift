// SPDX-License-Identifier: Apache-2.0

/// Why a PKCS #12 file could not be written or read.
package enum PKCS12Error: Error, Hashable, Sendable {
  /// The private key is not that of the certificate.
  case keyDoesNotFit
  /// A trust store without certificates: Java refuses to use one.
  case noCertificates
  /// Passwords end at the first zero byte in C, and in other programs.
  case passwordHoldsZeroByte
  /// The bytes are no PKCS #12 structure.
  case malformed(OpenSSLError)
  /// The file is larger than this many bytes.
  case tooLarge(limit: Int)
  /// To open the file would take more than this many rounds of key derivation.
  case tooCostly(limit: Int)
  /// The file holds so many keys and certificates that to find out which belong together would take too long.
  case tooManyPairs(limit: Int)
  /// The integrity check failed: the password is wrong or the file damaged, which look the same.
  case wrongPassword
  /// The file protects its content in a way that the host's OpenSSL does not read, such as RC2 on a host without OpenSSL's
  /// legacy provider, or has no integrity check.
  case unsupported(OpenSSLError)
  /// OpenSSL failed where the input cannot be the cause.
  case failed(OpenSSLError)
}

extension PKCS12Error: CustomStringConvertible {
  package var description: String {
    switch self {
    case .keyDoesNotFit: "the private key is not that of the certificate"
    case .noCertificates: "there is no certificate to put into the trust store"
    case .passwordHoldsZeroByte: "the password holds a zero byte, where other programs would end it"
    case .malformed(let error): "not a PKCS#12 file (\(error))"
    case .tooLarge(let limit): "the PKCS#12 file is larger than \(limit) bytes"
    case .tooCostly(let limit):
      "to open the PKCS#12 file would take more than \(limit) rounds of key derivation: have it made with fewer"
    case .tooManyPairs(let limit):
      "the PKCS#12 file holds too many keys and certificates, which make more than \(limit) pairs: split it"
    case .wrongPassword: "the password does not open the PKCS#12 file, or the file is damaged"
    case .unsupported(let error):
      """
      this host's OpenSSL does not read the PKCS#12 file's protection (\(error)): have it made with AES or Triple DES and with an integrity \
      check (a MAC), or \
      convert it where OpenSSL has its legacy provider, with `openssl pkcs12 -legacy -in OLD -out both.pem` and \
      `openssl pkcs12 -export -in both.pem -out NEW`
      """
    case .failed(let error): "OpenSSL failed on a PKCS#12 file (\(error))"
    }
  }
}
