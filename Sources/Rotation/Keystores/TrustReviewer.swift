// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import Logging
import OpenSSLBridge
import Planning
package import Settings

/// Judges the trust lists in force by what the listed endpoints send, as a consumer will, and tells what they do not verify.
///
/// One judgement follows the other, so that the last one knows the most.
package actor TrustReviewer {
  private let context: RotationContext
  private let assembler: ContentAssembler
  private var last: Task<Void, any Error>?

  package init(context: RotationContext, assembler: ContentAssembler) {
    self.context = context
    self.assembler = assembler
  }

  /// Judges every keystore.
  ///
  /// - Throws: `LedgerError`.
  package func review() async throws {
    for keystore in await context.landscape.configuration.keystores { try await review(keystore) }
  }

  /// Judges the keystores that list one of `endpoints`.
  func review(listing endpoints: Set<String>) async throws {
    guard !endpoints.isEmpty else { return }
    for keystore in await context.landscape.configuration.keystores
    where !endpoints.isDisjoint(with: keystore.trust.endpoints) {
      try await review(keystore)
    }
  }

  /// Judges the trust list of `keystore`, unless another is about to take its place.
  ///
  /// - Throws: `LedgerError`.
  package func review(_ keystore: KeystoreSettings) async throws {
    let previous = last
    let review = Task {
      _ = await previous?.result
      try await judge(keystore)
    }
    last = review
    try await review.value
  }

  private func judge(_ keystore: KeystoreSettings) async throws {
    let (configuration, inventory) = (await context.landscape.configuration, await context.landscape.inventory)
    let now = context.clock.now()
    guard let state = inventory.keystores[keystore.name], !keystore.isToBeWritten(state, inventory, now: now),
      let gaps = try await gaps(of: keystore, inventory, in: configuration, now: now)
    else { return }
    let sentences = Dictionary(gaps.map { ($0.endpoint, $0.sentence(for: keystore.trust)) }) { first, _ in first }
    guard sentences != state.gaps else { return }
    let since = await context.landscape.conditions[.trust(keystore.name)]?.since ?? now
    let stored = try StoredSchedule(trustOf: keystore.name, gaps: sentences, since: since, at: now)
    try await context.ledger.record([stored])
    await context.landscape.setCondition(stored.condition, of: stored.key)
    await context.landscape.update { $0.keystores[keystore.name]?.gaps = sentences }
    let events = news(gaps, sentences, before: state.gaps, of: keystore, generation: state.current?.number)
    try await context.tell(events, of: LedgerSubject(.keystore, keystore.name))
  }

  /// nil where it cannot be told.
  private func gaps(
    of keystore: KeystoreSettings, _ inventory: Inventory, in configuration: Configuration, now: Date
  ) async throws -> [TrustGap]? {
    let state = inventory.keystores[keystore.name] ?? KeystoreState()
    guard let current = state.current, keystore.hasTrustList else { return [] }
    let trust: [Certificate]
    do {
      let found = try await assembler.certificates(current.content.trust, of: keystore)
      guard found.count == current.content.trust.count else { return nil }
      trust = Array(found.values)
    } catch let error as BundleError {
      context.logger.warning(
        "the trust list in force cannot be judged: \(error)", metadata: ["keystore": .string(keystore.name)])
      return nil
    }
    let chains = try await assembler.endpointChains(of: keystore, in: configuration)
    // The ledger learns of another path before the plan does: until then nobody can say whether a new generation follows.
    // Whoever recorded it has the list judged again.
    guard chains.allSatisfy({ $0.isKnown(to: inventory) }) else { return nil }
    return KeystoreJudge.gaps(in: trust, towards: chains, now: now)
  }

  private func news(
    _ gaps: [TrustGap], _ sentences: [String: String], before: [String: String], of keystore: KeystoreSettings,
    generation: Int?
  ) -> [Events.Raised] {
    let raised = gaps.compactMap { gap -> Events.Raised? in
      guard let sentence = sentences[gap.endpoint], sentence != before[gap.endpoint] else { return nil }
      var fields: [EventField: String] = [
        .keystore: keystore.name, .endpoint: gap.endpoint, .reason: sentence, .culprit: gap.culprit.rawValue,
      ]
      fields[.generation] = generation.map(String.init)
      fields[.subject] = gap.missing?.description
      return Events.Raised(
        .keystoreTrustGap, message: "keystore \(keystore.name) does not verify endpoint \(gap.endpoint): \(sentence)",
        fields: fields)
    }
    // An endpoint that the keystore no longer lists is no news.
    let closed = before.keys.filter { sentences[$0] == nil && keystore.trust.endpoints.contains($0) }.sorted()
    return raised
      + closed.map { endpoint in
        Events.Raised(
          .keystoreRecovered, message: "keystore \(keystore.name) verifies endpoint \(endpoint) again",
          fields: [
            .keystore: keystore.name, .endpoint: endpoint, .reason: "its trust list alone verifies the endpoint again",
          ])
      }
  }
}

extension TrustGap {
  /// Who has to close it: a server that leaves out an issuer does not do what RFC 8446, section 4.4.2, asks for.
  var culprit: Culprit { missing != nil && place != .root ? .server : .configuration }

  /// What is wrong, and what to do about it where the settings tell.
  func sentence(for trust: TrustSettings) -> String {
    guard let missing else { return description }
    switch place {
    case .root:
      return trust.include.contains(.roots) ? description : "\(description); add 'roots' to 'include' under 'trust'"
    case .intermediate:
      let sending = "have the server send \(missing)"
      return trust.include.contains(.issuers)
        ? "\(description); \(sending)" : "\(description); add 'issuers' to 'include' under 'trust', or \(sending)"
    case .unknown:
      return """
        \(description); if \(missing) is a root that shall be trusted, which no server sends, put its certificate into a \
        file and name that under 'bundles' of 'trust', and as the bundle of the endpoint's 'anchors' if it is not \
        trusted there either; if it is an intermediate, have the server send it
        """
    }
  }
}

extension KeystoreJudge.EndpointChain {
  /// Whether the path is the one that a plan for `inventory` goes by.
  fileprivate func isKnown(to inventory: Inventory) -> Bool {
    Set(path.map(\.fingerprint))
      == Set(inventory.endpoints[name]?.verifiedPath?.certificates.map(\.fingerprint) ?? [])
  }
}

extension KeystoreSettings {
  /// Whether one of the files holds the trust list.
  var hasTrustList: Bool {
    files.contains { file in
      switch file.format {
      case .pse, .caDirectory, .javaTruststore: true
      case .pem, .pfx: false
      }
    }
  }

  /// Whether a new generation is due that was not tried in vain yet: it is judged once it is in force.
  fileprivate func isToBeWritten(_ state: KeystoreState, _ inventory: Inventory, now: Date) -> Bool {
    let trust = TrustPlanner.wanted(self, inventory, now: now)
    guard case .write(let content, _) = WritePlanner.decide(self, inventory, trust: trust, now: now) else {
      return false
    }
    guard state.writing.failures == 0 || state.failedContent.map({ $0 != content }) == true else { return false }
    // The one in force may stay for days.
    return WriteWindow.wait(of: self, inventory, now: now) == nil
  }
}
