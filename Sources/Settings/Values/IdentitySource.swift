// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Where a keystore's identity comes from.
package enum IdentitySource: Sendable, Hashable {
  case selfSigned(SelfSignedSettings)
  /// The service key of this name.
  case serviceKey(String)
  case pem(PEMIdentityFiles)
}

/// A certificate that certrotd makes and signs with the key that it certifies.
package struct SelfSignedSettings: Sendable, Hashable {
  /// Distinguished name as text, checked to be readable by `DistinguishedName(parsing:)`.
  package var subject: String
  package var validFor: Duration
  package var keyBits: KeyBits

  package init(subject: String, validFor: Duration = Defaults.selfSignedValidFor, keyBits: KeyBits = .rsa2048) {
    self.subject = subject
    self.validFor = validFor
    self.keyBits = keyBits
  }

  /// RSA modulus lengths in bits.
  package enum KeyBits: Int, Sendable, CaseIterable {
    case rsa2048 = 2048
    case rsa3072 = 3072
    case rsa4096 = 4096
  }
}

/// An identity that something else maintains as PEM files.
package struct PEMIdentityFiles: Sendable, Hashable {
  /// Holds the leaf, and maybe its issuers.
  package var certificate: FilePath
  package var key: FilePath
  /// Passphrase of an encrypted private key.
  package var passphrase: CredentialReference?

  package init(certificate: FilePath, key: FilePath, passphrase: CredentialReference? = nil) {
    self.certificate = certificate
    self.key = key
    self.passphrase = passphrase
  }
}
