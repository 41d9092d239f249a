// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Planning
import Settings

/// Probes many endpoints at once and records what came of it in batches, since a transaction for each of ten thousand
/// would cost more than the handshakes.
struct ProbeRunner: Sendable {
  private let context: RotationContext
  private let inspector: EndpointInspector
  private let trustKeeper: TrustKeeper
  private let reviewer: TrustReviewer
  private let bell: Bell

  init(
    context: RotationContext, inspector: EndpointInspector, trustKeeper: TrustKeeper, reviewer: TrustReviewer,
    bell: Bell
  ) {
    self.context = context
    self.inspector = inspector
    self.trustKeeper = trustKeeper
    self.reviewer = reviewer
    self.bell = bell
  }

  /// Probes every one of `endpoints`, at most ``window`` of them at a time.
  ///
  /// - Throws: `LedgerError` when an outcome cannot be recorded, `CancellationError` when the daemon ends.
  func probe(_ endpoints: [String]) async throws {
    let configuration = await context.landscape.configuration
    try await withThrowingTaskGroup(of: Step.self) { group in
      var waiting = endpoints.makeIterator()
      var underWay = 0
      func startNext() {
        guard let name = waiting.next() else { return }
        underWay += 1
        group.addTask {
          guard let endpoint = configuration.endpoint(named: name) else { return .gone(name) }
          let asked = await context.landscape.demand(of: .probe(endpoint: name))
          let report = await inspector.inspect(endpoint) { await knownIssuers(of: name, sending: $0) }
          return .found(Finding(report: report, settings: endpoint, asked: asked))
        }
      }
      for _ in 0..<Self.window { startNext() }
      var batch: [Finding] = []
      while underWay > 0, let step = try await group.next() {
        try Task.checkCancellation()
        switch step {
        case .gone(let name):
          await context.landscape.end(CollectionOfOne(.probe(endpoint: name)))
          underWay -= 1
          startNext()
        case .found(let finding):
          underWay -= 1
          startNext()
          if batch.isEmpty {
            // A slow endpoint must not hold back what the quick ones found.
            group.addTask {
              try await Task.sleep(for: Self.batchAge)
              return .batchIsOld
            }
          }
          batch.append(finding)
        case .batchIsOld: break
        }
        if batch.count >= Self.batchSize || step.endsBatch {
          try await record(batch)
          batch = []
        }
      }
      // Only the batches' timers are left, and nobody waits for them.
      group.cancelAll()
      try await record(batch)
    }
    bell.ring()
  }

  /// Certificates seen before that may complete the chain: those of the last path, and whatever bears the name of an
  /// issuer that is missing, whichever server sent it; the path decides what it is worth.
  private func knownIssuers(of endpoint: String, sending chain: Chain) async -> [Certificate] {
    do {
      var found = try await context.ledger.latestVerifiedPath(endpoint)?.path.certificates.dropFirst().map(\.self) ?? []
      var present = Set((chain.certificates + found).map(\.subject))
      var missing = (chain.certificates + found).map(\.issuer)
      for _ in 1...Self.issuersAbove {
        let wanted = Set(missing).subtracting(present)
        guard !wanted.isEmpty else { break }
        var more: [Certificate] = []
        for name in wanted {
          more += try await context.ledger.certificates(withSubject: name.description, limit: Self.issuersOfOneName)
        }
        found += more
        present.formUnion(wanted)
        missing = more.map(\.issuer)
      }
      return found
    } catch {
      context.logger.warning("cannot look up known issuers: \(error)", metadata: ["endpoint": .string(endpoint)])
      return []
    }
  }

  /// How far up issuers are looked for; longer paths are not verified either.
  private static let issuersAbove = 4
  /// The newest of one name: an authority that renews its certificate has two or three at a time.
  private static let issuersOfOneName = 4

  private func record(_ findings: [Finding]) async throws {
    guard !findings.isEmpty else { return }
    let findings = await discardingOutdated(findings)
    let reports = findings.map(\.report)
    let now = context.clock.now()
    let outcomes = try await context.ledger.record(reports.map(\.observation), at: now)
    var looks: [EndpointLook] = []
    for (report, outcome) in zip(reports, outcomes) {
      looks.append(try await look(report, outcome, at: now))
    }
    try await context.ledger.record(looks.map(\.stored))
    let changes = Dictionary(looks.map { ($0.endpoint, $0.state) }) { _, new in new }
    let conditions = looks.map { ($0.stored.key, $0.stored.condition) }
    // A bundle may have changed again since it was read.
    let asked = findings.map { (Work.probe(endpoint: $0.settings.name), $0.asked) }
    await context.landscape.conclude(asked) { inventory in inventory.endpoints.merge(changes) { _, new in new } }
    await context.landscape.setConditions(conditions)
    let moved = Set(looks.filter(\.hasNewPath).map(\.endpoint))
    if !moved.isEmpty { try await trustKeeper.settle(trusting: moved) }
    await context.landscape.end(reports.map { .probe(endpoint: $0.endpoint) })
    for look in looks { try await context.tell(look.news.events, of: LedgerSubject(.endpoint, look.endpoint)) }
    // A server that stops sending an issuer changes no path, and yet what a consumer sees.
    let news = zip(reports, outcomes).filter { $0.path != nil && $1.isNews }.map(\.0.endpoint)
    try await reviewer.review(listing: moved.union(news))
    ProcessMemory.returnFreePages()
    bell.ring()
  }

  /// Leaves out what was found under settings that are no longer in force: it says nothing about those that are, and a
  /// probe under them is due already.
  private func discardingOutdated(_ findings: [Finding]) async -> [Finding] {
    let configuration = await context.landscape.configuration
    var inForce: [Finding] = []
    var outdated: [Work] = []
    for finding in findings {
      let name = finding.settings.name
      if configuration.endpoint(named: name)?.isProbed(like: finding.settings) == true {
        inForce.append(finding)
      } else {
        outdated.append(.probe(endpoint: name))
      }
    }
    await context.landscape.end(outdated)
    return inForce
  }

  private func look(
    _ report: EndpointReport, _ outcome: ObservationOutcome, at now: Date
  ) async throws -> EndpointLook {
    let key = ScheduleKey.probe(report.endpoint)
    let state = await context.landscape.inventory.endpoints[report.endpoint] ?? EndpointState()
    let cadence = await context.landscape.cadence(of: .probe(endpoint: report.endpoint))
    let condition = await context.landscape.conditions[key]
    let last = try await lastChain(of: report, outcome)
    let before = EndpointNews.Before(
      condition: condition.flatMap { EndpointCondition(rawValue: $0.name) }, chain: last,
      alternates: try await alternates(report, last: last, at: now),
      disagreement: try await disagreed(report, outcome), failures: state.schedule.failures,
      failedBefore: outcome.failedBefore)
    return EndpointLook(report, before: before, state: state, condition: condition, cadence: cadence, now: now)
  }

  /// Whether the chain is another than the last, but one that was seen within the overlap before that.
  private func alternates(_ report: EndpointReport, last: [Certificate], at now: Date) async throws -> Bool {
    guard let chain = report.chain, !last.isEmpty, chain.certificates != last else { return false }
    let overlap = await context.landscape.configuration.overlap(ofEndpoint: report.endpoint)
    return try await context.ledger.sentBefore(
      report.endpoint, since: now.addingTimeInterval(-(overlap / .seconds(1))))
  }

  /// The chain that was seen before this look; an outage in between does not make it forgotten.
  private func lastChain(of report: EndpointReport, _ outcome: ObservationOutcome) async throws -> [Certificate] {
    switch outcome {
    case .first: return []
    case .same: return report.chain?.certificates ?? []
    case .changed(let previous):
      if !previous.observation.chain.isEmpty || report.chain == nil { return previous.observation.chain }
      return try await context.ledger.previousChain(report.endpoint)
    }
  }

  /// Whether the addresses disagreed when they were last seen; an outage in between does not make it news.
  private func disagreed(_ report: EndpointReport, _ outcome: ObservationOutcome) async throws -> Bool {
    if case .changed(let previous) = outcome, previous.observation.chain.isEmpty, report.chain != nil {
      return try await context.ledger.disagreedBefore(report.endpoint)
    }
    return outcome.disagreed(now: report.disagreement)
  }

  private struct Finding: Sendable {
    let report: EndpointReport
    let settings: EndpointSettings
    /// What had been asked for when the probe began.
    let asked: Int
  }

  private enum Step: Sendable {
    case found(Finding)
    /// The configuration no longer has it.
    case gone(String)
    case batchIsOld

    var endsBatch: Bool {
      if case .batchIsOld = self { true } else { false }
    }
  }

  /// How many looks are under way at once; the fetcher itself bounds the connections.
  private static let window = 512
  private static let batchSize = 512
  /// How long a result may wait for its batch.
  ///
  /// After each batch all is planned anew, which takes longer the more endpoints there are.
  private static let batchAge = Duration.seconds(1)
}
