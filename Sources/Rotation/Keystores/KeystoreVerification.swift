// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
package import Keystores
import Ledger
import OpenSSLBridge
import Planning
package import Settings

/// Judges a keystore's files as they lie on disk, and its trust list against the endpoints as they answer now.
package struct KeystoreVerification: Sendable {
  /// What was found.
  package struct Result: Sendable {
    package let generation: Int
    package let content: [ReadKeystore]
    /// What is wrong; empty when all is good.
    package let faults: [String]
    /// The endpoints that were asked, with what was wrong with each answer; nil when nothing was.
    package let endpoints: [(name: String, fault: String?)]

    package var isGood: Bool { faults.isEmpty && endpoints.allSatisfy { $0.fault == nil } }
  }

  private let context: RotationContext
  private let shelf: GenerationShelf
  private let inspector: EndpointInspector

  package init(context: RotationContext, shelf: GenerationShelf, inspector: EndpointInspector) {
    self.context = context
    self.shelf = shelf
    self.inspector = inspector
  }

  /// - Returns: nil when the keystore has no generation.
  /// - Throws: `LedgerError`, `DeliveryError`, `KeystoreError`, ``OutputError``.
  package func run(_ settings: KeystoreSettings, in configuration: Configuration) async throws -> Result? {
    let settings = settings.inForce(
      await context.landscape.inventory.keystores[settings.name] ?? KeystoreState())
    let store = shelf.store(of: settings.name)
    guard let current = try store.current() else { return nil }
    var faults = try store.damage(of: current).map(\.description)
    let recorded = try await context.ledger.currentGeneration(settings.name)
    if recorded?.number != current {
      faults.append("the ledger says generation \(recorded.map { "\($0.number)" } ?? "none"), the disk says \(current)")
    }
    let outputs = try KeystoreOutput.resolve(settings, credentials: context.credentials)
    let content = try shelf.content(of: current, keystore: settings.name, outputs)
    var chains: [KeystoreJudge.EndpointChain] = []
    var endpoints: [(name: String, fault: String?)] = []
    for name in settings.trust.endpoints {
      guard let endpoint = configuration.endpoint(named: name) else { continue }
      let report = await inspector.inspect(endpoint) { _ in [] }
      guard let chain = report.chain else {
        endpoints.append((name, report.fault?.reason))
        continue
      }
      endpoints.append((name, nil))
      chains.append(
        KeystoreJudge.EndpointChain(
          name: name, chain: chain.certificates, serverName: ServerName(host: endpoint.serverName ?? endpoint.host)))
    }
    faults += KeystoreJudge.judge(onDisk: content, endpointChains: chains, now: context.clock.now())
      .map(\.description)
    return Result(generation: current, content: content, faults: faults, endpoints: endpoints)
  }
}
