// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import Host

/// Who an identity belongs to.
package enum IdentityOwner: Hashable, Sendable {
  case serviceKey(String)
  /// A keystore whose identity certrotd made itself.
  case keystore(String)
  /// PEM files, by the name of the keystore that uses them.
  case pem(String)

  /// The subject whose history tells of this identity.
  package var subject: LedgerSubject {
    switch self {
    case .serviceKey(let name): LedgerSubject(.serviceKey, name)
    case .keystore(let name): LedgerSubject(.keystore, name)
    case .pem(let name): LedgerSubject(.pem, name)
    }
  }
}

/// An identity that has passed every check and is to be used from now on.
package struct NewIdentity: Sendable {
  package var owner: IdentityOwner
  package var leaf: Certificate
  /// In order, the leaf's issuer first, the root last where it is known.
  package var issuers: [Certificate]
  /// The private key, PKCS#8 DER, unencrypted.
  package var privateKey: SecretBytes
  package var clientID: String?
  package var tokenURL: String?
  /// SHA-256 of the file that it was read from, so that a file already taken over is recognised.
  package var sourceDigest: [UInt8]?
  /// By what settings the identity was made or read, so that a change of them is noticed.
  package var recipe: String?

  package init(
    owner: IdentityOwner, leaf: Certificate, issuers: [Certificate], privateKey: SecretBytes, clientID: String? = nil,
    tokenURL: String? = nil, sourceDigest: [UInt8]? = nil, recipe: String? = nil
  ) {
    self.owner = owner
    self.leaf = leaf
    self.issuers = issuers
    self.privateKey = privateKey
    self.clientID = clientID
    self.tokenURL = tokenURL
    self.sourceDigest = sourceDigest
    self.recipe = recipe
  }
}

/// What the ledger tells of an identity without its private key.
package struct IdentityEntry: Sendable, Equatable {
  /// Never used again for another identity.
  package var id: Int64
  package var leaf: Certificate
  package var issuers: [Certificate]
  package var clientID: String?
  package var tokenURL: String?
  package var sourceDigest: [UInt8]?
  package var recipe: String?
  package var acceptedAt: Date
  /// When another identity took its place; nil for the current one.
  package var supersededAt: Date?
  /// Whether the private key is still kept; only a bounded number of superseded ones are.
  package var holdsKey: Bool
}

/// An identity with its private key.
package struct StoredIdentity: Sendable {
  package var entry: IdentityEntry
  /// PKCS#8 DER, unencrypted.
  package var privateKey: SecretBytes
}
