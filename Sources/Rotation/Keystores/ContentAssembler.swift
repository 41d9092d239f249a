// SPDX-License-Identifier: Apache-2.0

package import Certificates
import Host
package import Keystores
package import Ledger
import OpenSSLBridge
import PSEFormat
package import Planning
package import Settings

/// Turns the fingerprints of a plan into certificates and keys.
package struct ContentAssembler: Sendable {
  private let ledger: LedgerStore
  private let bundles: BundleReader

  package init(ledger: LedgerStore, bundles: BundleReader) {
    self.ledger = ledger
    self.bundles = bundles
  }

  /// The identity and the trust list that `content` names for `keystore`.
  ///
  /// Where the content `isRestored`, having been in force before, its identity may be one that was replaced since.
  ///
  /// - Throws: ``AssemblyError`` when something that was known has gone, `LedgerError`, `PrivateKeyError`, ``BundleError``.
  package func assemble(
    _ content: GenerationContent, for keystore: KeystoreSettings, isRestored: Bool = false
  ) async throws -> KeystoreContent {
    var identity: Identity?
    if let leaf = content.identityLeaf {
      guard let stored = try await stored(leaf, of: keystore, orEarlier: isRestored) else {
        throw AssemblyError.identityGone(leaf)
      }
      identity = Identity(
        certificate: stored.entry.leaf, key: try PrivateKey(der: stored.privateKey), issuers: stored.entry.issuers)
    }
    return KeystoreContent(
      identity: identity, trust: try await trust(content.trust, of: keystore), kept: try await kept(by: keystore))
  }

  /// What the keystore hands on of the PSE that it started from.
  private func kept(by keystore: KeystoreSettings) async throws -> PSEKeptObjects {
    guard let adopt = keystore.adopt, try await ledger.adoption(of: keystore.name)?.path == "\(adopt.file)",
      let bytes = try await ledger.keptObjects(of: keystore.name)
    else { return .none }
    return try PSEKeptObjects(derEncoded: bytes.copyBytes())
  }

  /// The keystore's identity, or the one that it took over, whichever has this certificate; or an earlier one.
  private func stored(
    _ leaf: Fingerprint, of keystore: KeystoreSettings, orEarlier: Bool
  ) async throws -> StoredIdentity? {
    let owners = Set([keystore.identityOwner, .keystore(keystore.name)])
    for owner in owners {
      if let found = try await ledger.currentIdentity(owner), found.entry.leaf.fingerprint == leaf { return found }
    }
    guard orEarlier else { return nil }
    for owner in owners {
      let earlier = try await ledger.identities(owner).first { $0.leaf.fingerprint == leaf && $0.holdsKey }
      if let earlier, let found = try await ledger.identity(earlier.id, of: owner) { return found }
    }
    return nil
  }

  /// What each endpoint of a keystore sent when it last verified, for the judge.
  package func endpointChains(
    of keystore: KeystoreSettings, in configuration: Configuration
  ) async throws
    -> [KeystoreJudge.EndpointChain]
  {
    var chains: [KeystoreJudge.EndpointChain] = []
    for name in keystore.trust.endpoints {
      guard configuration.endpoint(named: name) != nil, let verified = try await ledger.latestVerifiedPath(name)
      else { continue }
      chains.append(
        KeystoreJudge.EndpointChain(
          name: name, chain: verified.chain, path: verified.path.certificates, verifiedAt: verified.at))
    }
    return chains
  }

  /// The certificates of these fingerprints, from the ledger and the keystore's bundles; what neither has is missing.
  ///
  /// - Throws: `LedgerError`, ``BundleError``.
  package func certificates(
    _ wanted: Set<Fingerprint>, of keystore: KeystoreSettings
  ) async throws -> [Fingerprint: Certificate] {
    var found = try await ledger.certificates(wanted)
    for bundle in keystore.trust.bundles where found.count < wanted.count {
      for certificate in try bundles.certificates(at: bundle) where wanted.contains(certificate.fingerprint) {
        found[certificate.fingerprint] = certificate
      }
    }
    return found
  }

  private func trust(_ wanted: Set<Fingerprint>, of keystore: KeystoreSettings) async throws -> [Certificate] {
    let found = try await certificates(wanted, of: keystore)
    if let missing = wanted.first(where: { found[$0] == nil }) { throw AssemblyError.trustGone(missing) }
    return Array(found.values)
  }
}

/// Why a generation cannot be put together though it was planned.
package enum AssemblyError: Error, Sendable, Hashable {
  /// The identity has changed since it was planned; the next plan knows.
  case identityGone(Fingerprint)
  /// A certificate of the trust list is neither in the ledger nor in a bundle any more.
  case trustGone(Fingerprint)
}

extension AssemblyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .identityGone(let leaf): "the identity \(leaf.short) was replaced in the meantime"
    case .trustGone(let certificate): "the trusted certificate \(certificate.short) has left its bundle in the meantime"
    }
  }
}
