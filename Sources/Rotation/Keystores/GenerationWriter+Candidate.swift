// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings

extension GenerationWriter {
  /// Whether another identity is planned by now than `leaf`, with which a generation was planned a moment ago: whoever has
  /// replaced it meanwhile has nothing failed, and the next plan writes it.
  func isReplaced(_ leaf: Fingerprint, in settings: KeystoreSettings) async -> Bool {
    let (inventory, now) = (await context.landscape.inventory, context.clock.now())
    let trust = TrustPlanner.wanted(settings, inventory, now: now)
    guard case .write(let content, _) = WritePlanner.decide(settings, inventory, trust: trust, now: now) else {
      return true
    }
    return content.identityLeaf != leaf
  }

  /// A content that may be put in force: its trust list is no worse than the one that is.
  struct Candidate: Sendable {
    var content: GenerationContent
    /// What its trust list verifies.
    ///
    /// An endpoint that it does not verify holds back neither the others nor the identity: what is in force does not
    /// verify it either, and ``TrustReviewer`` tells.
    var verified: [KeystoreJudge.EndpointChain]
    /// What would have been lost by the planned content; nil for the planned content itself.
    var loss: TrustLoss?
  }

  /// Judges the planned trust list by what the endpoints send, as a consumer will.
  ///
  /// Where it would no longer verify an endpoint that the list in force does, the certificates of that endpoint's path stay
  /// in it: the rest, such as a new identity, must not wait.
  ///
  /// - Throws: ``TrustLoss`` when nothing but the loss is left to write.
  func candidate(
    _ content: GenerationContent, for settings: KeystoreSettings, in configuration: Configuration,
    _ state: KeystoreState
  ) async throws -> Candidate {
    guard settings.hasTrustList else { return Candidate(content: content, verified: []) }
    let chains = try await assembler.endpointChains(of: settings, in: configuration)
    let now = context.clock.now()
    let inForce = state.current?.content.trust ?? []
    let known = try await assembler.certificates(content.trust.union(inForce), of: settings)
    func gaps(_ trust: Set<Fingerprint>) -> [TrustGap] {
      KeystoreJudge.gaps(in: trust.compactMap { known[$0] }, towards: chains, now: now)
    }
    func losses(_ gaps: [TrustGap]) -> [TrustGap] {
      KeystoreJudge.losses(among: gaps, replacing: inForce.compactMap { known[$0] }, towards: chains, now: now)
    }
    func candidate(_ content: GenerationContent, _ gaps: [TrustGap], _ loss: TrustLoss? = nil) -> Candidate {
      let open = Set(gaps.map(\.endpoint))
      return Candidate(content: content, verified: chains.filter { !open.contains($0.name) }, loss: loss)
    }
    let planned = gaps(content.trust)
    let lost = losses(planned)
    guard !lost.isEmpty else { return candidate(content, planned) }
    let loss = TrustLoss(gaps: lost, trust: settings.trust)
    let endpoints = Set(lost.map(\.endpoint))
    let paths = chains.filter { endpoints.contains($0.name) }.flatMap(\.path)
    var larger = content
    larger.trust.formUnion(inForce.intersection(paths.filter { $0.validity.notAfter > now }.map(\.fingerprint)))
    let remaining = gaps(larger.trust)
    let differs = larger != state.current?.content || state.damage != nil || state.passwordChanged
    guard differs, losses(remaining).isEmpty else { throw loss }
    return candidate(larger, remaining, loss)
  }
}

/// A planned trust list would no longer verify endpoints that the one in force does.
struct TrustLoss: Error, CustomStringConvertible {
  let culprit: Culprit
  let description: String

  /// - Parameters:
  ///   - gaps: of the planned trust list; not empty.
  ///   - trust: the keystore's settings.
  init(gaps: [TrustGap], trust: TrustSettings) {
    culprit = gaps.first?.culprit ?? .configuration
    description =
      "without the certificates that are to leave it, \(gaps.map { $0.sentence(for: trust) }.joined(separator: "; "))"
  }
}
