// SPDX-License-Identifier: Apache-2.0

import Host
import Ledger
import Planning
import Settings

extension GenerationWriter {
  /// Has identities whose keys the ledger cannot open any more read again, or made anew: one damaged value is no reason for
  /// everything else to stand still.
  func replaceDamagedIdentities(of settings: KeystoreSettings) async throws {
    for owner in Set([settings.identityOwner, .keystore(settings.name)]) {
      do throws(LedgerError) {
        _ = try await context.ledger.currentIdentity(owner)
      } catch {
        guard error.concernsOneValue else { throw error }
        try await replaceIdentity(of: owner)
      }
    }
  }

  private func replaceIdentity(of owner: IdentityOwner) async throws {
    try await context.ledger.retireIdentity(owner, at: context.clock.now())
    let why = "the ledger lost its key"
    switch owner {
    case .serviceKey(let name):
      await context.landscape.update { $0.serviceKeys[name]?.identity = nil }
      await context.landscape.release([.readServiceKey(name)], because: why)
    case .keystore(let name), .pem(let name):
      await context.landscape.update { $0.keystores[name]?.identity = nil }
      await context.landscape.release([.readIdentityFiles(keystore: name)], because: why)
    }
  }
}

extension LedgerError {
  /// Whether everything but one sealed value is in order.
  var concernsOneValue: Bool {
    if case .sealedValueDamaged = self { true } else { false }
  }
}
