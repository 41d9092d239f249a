// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings

/// Finds the identity in force by the files on disk, for whom the ledger has none since it was lost.
///
/// Its key is sealed in no ledger any more, but consumers work with it: what ends earlier must not take its place unasked.
struct DeliveredIdentity: Sendable {
  private let context: RotationContext
  private let shelf: GenerationShelf

  init(context: RotationContext) {
    self.context = context
    shelf = GenerationShelf(layout: context.layout, files: context.files)
  }

  /// The certificate that `owner` had last: of those in the files of its keystores, the one that ends last.
  ///
  /// What the ledger knows as the identity of somebody else, such as of the service key that a keystore had before, says
  /// nothing of this one; nor does what certrotd signed itself where a platform gives the certificates.
  ///
  /// - Returns: nil where nothing is in force, or nothing of it can be read, which was told when it was looked at first.
  /// - Throws: `LedgerError`.
  func leaf(of owner: IdentityOwner) async throws(LedgerError) -> Certificate? {
    if let retired = try await context.ledger.identities(owner).first { return retired.leaf }
    var latest: Certificate?
    for keystore in await context.landscape.configuration.keystores where keystore.identityOwner == owner {
      guard let leaf = try await leaf(in: keystore), try await !context.ledger.isIdentity(leaf.fingerprint) else {
        continue
      }
      if case .serviceKey = owner, leaf.issuer == leaf.subject { continue }
      guard latest.map({ $0.validity.notAfter < leaf.validity.notAfter }) ?? true else { continue }
      latest = leaf
    }
    return latest
  }

  private func leaf(in keystore: KeystoreSettings) async throws(LedgerError) -> Certificate? {
    if let current = try await context.ledger.currentGeneration(keystore.name) {
      guard let leaf = current.leaf else { return nil }
      if let known = try await context.ledger.certificates([leaf])[leaf] { return known }
      return certificate(in: current.number, of: keystore)
    }
    let store = shelf.store(of: keystore.name)
    do {
      if let current = try store.current() { return certificate(in: current, of: keystore) }
      // Without the link, the newest that can be read is what the next one is made from.
      return try store.list().sorted(by: >).lazy.compactMap { certificate(in: $0, of: keystore) }.first
    } catch {
      return nil
    }
  }

  private func certificate(in generation: Int, of keystore: KeystoreSettings) -> Certificate? {
    ReadableGeneration(generation, of: keystore.readable, on: shelf, credentials: context.credentials).found?
      .certificate
  }
}
