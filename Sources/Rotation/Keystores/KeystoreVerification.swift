// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Keystores
import Ledger
import OpenSSLBridge
import Planning
package import Settings
import SystemPackage

/// Judges a keystore's files as they lie on disk, and its trust list against the endpoints as they answer now.
package struct KeystoreVerification: Sendable {
  /// What was found.
  package struct Result: Sendable {
    /// What is in force; nil when nothing is.
    package let generation: Int?
    /// Every file of it.
    package let files: [FileVerdict]
    /// What is wrong besides; empty when nothing is.
    package let faults: [String]
    /// The endpoints that were asked, with what was wrong with each answer; nil when nothing was.
    package let endpoints: [(name: String, fault: String?)]

    package var isGood: Bool {
      generation != nil && faults.isEmpty && files.allSatisfy(\.faults.isEmpty)
        && endpoints.allSatisfy { $0.fault == nil }
    }
  }

  private let context: RotationContext
  private let shelf: GenerationShelf
  private let inspector: EndpointInspector

  package init(context: RotationContext, shelf: GenerationShelf, inspector: EndpointInspector) {
    self.context = context
    self.shelf = shelf
    self.inspector = inspector
  }

  /// Judges all files, however damaged some are.
  ///
  /// - Throws: `LedgerError`.
  package func run(_ settings: KeystoreSettings, in configuration: Configuration) async throws -> Result {
    let inventory = await context.landscape.inventory
    let settings = settings.inForce(inventory.keystores[settings.name] ?? KeystoreState())
    let standstill = standstill(of: settings, inventory)
    let store = shelf.store(of: settings.name)
    let recorded = try await context.ledger.currentGeneration(settings.name)
    let unfinished = try await context.ledger.openGenerations()
      .last { $0.keystore == settings.name && $0.state == .staged }?.number
    let current: Int
    do {
      guard let number = try store.current() else {
        let isBegun = recorded == nil ? unfinished : nil
        return Self.nothing(
          isBegun.map(KeystoreState.halfway) ?? Self.absence(of: store.currentLink, recorded: recorded?.number),
          standstill.map { ["nothing is written: \($0)"] } ?? [])
      }
      current = number
    } catch {
      return Self.nothing(error.description)
    }
    var damages: [Damage] = []
    var faults = standstill.map { ["it is not written any more: \($0)"] } ?? []
    var delivered: [DeliveryDestination]?
    var replaced: (by: Int, paths: [FilePath])?
    do {
      delivered = try store.destinations(of: current)
      if let unfinished, unfinished != current {
        let found = try store.damage(of: current, amid: unfinished)
        (damages, replaced) = (found.unexplained, (unfinished, found.replaced))
      } else {
        damages = try store.damage(of: current)
      }
    } catch {
      faults.append(error.description)
    }
    if let unfinished, unfinished == current || replaced?.paths.isEmpty == false {
      faults.append(KeystoreState.halfway(unfinished))
    } else if recorded?.number != current {
      faults.append("the ledger says generation \(recorded.map { "\($0.number)" } ?? "none"), the disk says \(current)")
    }
    let examiner = FileExaminer(
      context: context, store: store, generation: current, delivered: delivered, replaced: replaced)
    let files = settings.files.flatMap { examiner.examine($0, of: settings, damages) }
    faults += damages.filter { damage in !files.contains { $0.holds(damage.path) } }.map(\.description)
    let judged = KeystoreJudge.judge(onDisk: files.compactMap(\.content), now: context.clock.now())
    var judgements = judged.makeIterator()
    let verdicts = files.map { file in
      file.verdict(besides: file.content == nil ? [] : judgements.next() ?? [])
    }
    return Result(
      generation: current, files: verdicts, faults: faults,
      endpoints: try await endpoints(of: settings, in: configuration, files))
  }

  /// Why there is nothing to judge.
  private static func absence(of link: FilePath, recorded: Int?) -> String {
    guard let recorded else {
      return "there is no generation yet: “certrotd status” says what the first one waits for; the daemon must have run"
    }
    return """
      \(link) was removed, though generation \(recorded) is in force by the ledger: a running daemon puts it back, at once \
      after systemctl reload certrotd; find out who removed it
      """
  }

  /// Why nothing is written before an operator acts; nil where that is not so.
  private func standstill(of settings: KeystoreSettings, _ inventory: Inventory) -> String? {
    let now = context.clock.now()
    let trust = TrustPlanner.wanted(settings, inventory, now: now)
    guard case .stuck(let standstill) = WritePlanner.decide(settings, inventory, trust: trust, now: now) else {
      return nil
    }
    return standstill.sentence
  }

  private static func nothing(_ fault: String, _ others: [String] = []) -> Result {
    Result(generation: nil, files: [], faults: [fault] + others, endpoints: [])
  }

  private func endpoints(
    of settings: KeystoreSettings, in configuration: Configuration, _ files: [ExaminedFile]
  ) async throws -> [(name: String, fault: String?)] {
    let lists = files.filter { $0.content?.parts.contains(.trust) == true }
    var endpoints: [(name: String, fault: String?)] = []
    for name in settings.trust.endpoints {
      guard let endpoint = configuration.endpoint(named: name) else { continue }
      let report = await inspector.inspect(endpoint) { _ in [] }
      guard let chain = report.chain else {
        endpoints.append((name, report.fault?.reason))
        continue
      }
      let known = try await context.ledger.latestVerifiedPath(name)?.path
      let sent = KeystoreJudge.EndpointChain(
        name: name, chain: chain.certificates, serverName: ServerName(host: endpoint.serverName ?? endpoint.host),
        path: (report.path ?? known)?.certificates ?? [])
      let now = context.clock.now()
      let gaps = lists.flatMap { file in
        KeystoreJudge.gaps(in: file.content?.trust ?? [], towards: [sent], now: now).map { (file.path, $0) }
      }
      let sentence = gaps.first?.1.sentence(for: settings.trust)
      // Usually all files hold the same list.
      let places = gaps.count < lists.count ? "\(gaps.map { "\($0.0)" }.joined(separator: ", ")): " : ""
      endpoints.append((name, sentence.map { places + $0 }))
    }
    return endpoints
  }
}
