// SPDX-License-Identifier: Apache-2.0

/// Why a private key could not be read, made or written.
///
/// No case carries key material or a passphrase; the caller knows the file and adds its name.
package enum PrivateKeyError: Error, Hashable, Sendable {
  /// The key is encrypted and no passphrase was given.
  case passphraseNeeded
  /// The passphrase does not open the key (or the encrypted part is damaged, which looks the same).
  case wrongPassphrase
  /// Passphrases longer than this many bytes cannot be used with PEM files.
  case passphraseTooLong(limit: Int)
  /// To open the key would take more than this many rounds of key derivation.
  case tooCostly(limit: Int)
  /// The bytes hold no private key that OpenSSL can read.
  case notAPrivateKey(OpenSSLError)
  /// The operation exists only for another kind of key: the two primes and PKCS#1 only for RSA.
  case wrongKind(wanted: String, found: String)
  /// The primes are not those of the certificate's public key.
  case primesDoNotFit
  /// OpenSSL failed where the input cannot be the cause.
  case failed(OpenSSLError)
}

extension PrivateKeyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .passphraseNeeded: "the private key is encrypted, and nothing names its passphrase"
    case .wrongPassphrase: "the passphrase does not open the private key, or its encrypted part is damaged"
    case .passphraseTooLong(let limit): "the passphrase is longer than the \(limit) bytes that OpenSSL reads"
    case .tooCostly(let limit):
      "to open the private key would take more than \(limit) rounds of key derivation: have it encrypted with fewer"
    case .notAPrivateKey:
      "there is no private key that can be read: it is damaged, or of a kind that this host's OpenSSL does not know"
    case .wrongKind(let wanted, let found): "\(wanted) is needed and the private key is \(found)"
    case .primesDoNotFit: "the two primes are not those of the certificate's public key"
    case .failed(let error): "OpenSSL failed on the private key (\(error))"
    }
  }
}
