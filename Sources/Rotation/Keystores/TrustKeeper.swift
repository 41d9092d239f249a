// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import OpenSSLBridge
import Planning
package import Settings
import SystemPackage

/// Remembers whom a keystore trusts and since when nobody needs whom, so that the overlap is counted across restarts.
package struct TrustKeeper: Sendable {
  private let context: RotationContext
  private let assembler: ContentAssembler

  package init(context: RotationContext, assembler: ContentAssembler) {
    self.context = context
    self.assembler = assembler
  }

  /// Settles the keystores whose trust comes from one of `endpoints`.
  func settle(trusting endpoints: Set<String>) async throws {
    for keystore in await context.landscape.configuration.keystores
    where !endpoints.isDisjoint(with: keystore.trust.endpoints) {
      try await settle(keystore)
    }
  }

  /// Brings ledger and inventory in line with what the endpoints and bundles of `keystore` need now.
  ///
  /// - Throws: `LedgerError`.
  package func settle(_ keystore: KeystoreSettings) async throws {
    let now = context.clock.now()
    let inventory = await context.landscape.inventory
    try await tellUnreadBundles(of: keystore, inventory)
    let wanted = TrustPlanner.wanted(keystore, inventory, now: now).members
    let stored = try await context.ledger.trustMembers(keystore.name)
    guard stored.map(TrustMember.init).differs(from: wanted) else { return }
    let certificates = try await certificates(of: wanted, stored: stored, keystore)
    let members = wanted.compactMap { member in
      certificates[member.fingerprint].map {
        StoredTrustMember(certificate: $0, firstNeeded: member.firstNeeded, lastNeeded: member.lastNeeded)
      }
    }
    try await context.ledger.replaceTrust(keystore.name, members, at: now)
    await context.landscape.update { inventory in
      inventory.keystores[keystore.name, default: KeystoreState()].trustMembers = wanted
    }
  }

  /// Tells once that bundles cannot be read, and once that they can again.
  private func tellUnreadBundles(of keystore: KeystoreSettings, _ inventory: Inventory) async throws {
    let faults = keystore.trust.bundles.compactMap { path in inventory.bundleFaults[path.string].map { (path, $0) } }
    let key = ScheduleKey.bundles(keystore.name)
    let wasTold = await context.landscape.conditions[key] != nil
    guard wasTold == faults.isEmpty else { return }
    _ = try await context.record(.untouched, of: key, condition: faults.isEmpty ? nil : "unread")
    var fields: [EventField: String] = [.keystore: keystore.name]
    let event: Events.Raised
    if let (path, reason) = faults.first {
      fields.merge([.path: path.string, .reason: reason, .culprit: Culprit.configuration.rawValue]) { $1 }
      event = Events.Raised(
        .bundleUnreadable,
        message: "keystore \(keystore.name) trusts what is known of \(path), which cannot be read: \(reason)",
        fields: fields)
    } else {
      fields[.reason] = "its bundles can be read again"
      event = Events.Raised(
        .keystoreRecovered, message: "keystore \(keystore.name) is in order again: its bundles can be read",
        fields: fields)
    }
    try await context.tell([event], of: LedgerSubject(.keystore, keystore.name))
  }

  private func certificates(
    of members: [TrustMember], stored: [StoredTrustMember], _ keystore: KeystoreSettings
  ) async throws -> [Fingerprint: Certificate] {
    let known = Dictionary(stored.map { ($0.certificate.fingerprint, $0.certificate) }) { first, _ in first }
    let missing = Set(members.map(\.fingerprint)).subtracting(known.keys)
    do {
      return known.merging(try await assembler.certificates(missing, of: keystore)) { first, _ in first }
    } catch let error as BundleError {
      // What the bundle held is remembered once it can be read again; until then nothing of it ages.
      context.logger.warning("\(error)", metadata: ["keystore": .string(keystore.name)])
      return known
    }
  }
}

extension [TrustMember] {
  /// Whether who is trusted, or since when nobody needs it, is not the same; the order does not matter.
  func differs(from other: [TrustMember]) -> Bool {
    guard count == other.count else { return true }
    let ends = Dictionary(other.map { ($0.fingerprint, $0.lastNeeded) }) { first, _ in first }
    return contains { member in
      guard let end = ends[member.fingerprint] else { return true }
      return end != member.lastNeeded
    }
  }
}
