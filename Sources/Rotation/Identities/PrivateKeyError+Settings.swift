// SPDX-License-Identifier: Apache-2.0

package import OpenSSLBridge

extension PrivateKeyError {
  /// What is wrong with a private key whose passphrase the configuration can name, as a sentence that says how.
  package var sentence: String {
    self == .passphraseNeeded
      ? "the private key is encrypted: name its passphrase under 'passphrase-credential'" : description
  }
}
