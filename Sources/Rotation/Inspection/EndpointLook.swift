// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Ledger
import Planning

/// What one look at an endpoint changes: what is known, what the ledger keeps, and what is told.
struct EndpointLook: Sendable {
  let endpoint: String
  let state: EndpointState
  let stored: StoredSchedule
  let news: EndpointNews
  /// Whether the verified path is another than before.
  let hasNewPath: Bool

  /// - Parameters:
  ///   - report: what was found.
  ///   - before: what was known and told before.
  ///   - old: what planning knew before.
  ///   - condition: what lasted before.
  ///   - cadence: the endpoint's rhythm, of which the interval says how long an earlier path is remembered.
  ///   - now: the wall clock.
  init(
    _ report: EndpointReport, before: EndpointNews.Before, state old: EndpointState,
    condition: StoredSchedule.Condition?, cadence: Cadence, now: Date
  ) {
    endpoint = report.endpoint
    var state = old
    state.attempted = true
    let fault = report.fault
    if let fault {
      state.schedule = old.schedule.failed(at: now, cadence: cadence, reason: fault.reason)
    } else {
      state.schedule = old.schedule.succeeded(at: now, cadence: cadence)
    }
    state.currentlyFailing = fault?.reason
    if let path = report.path { state.verifiedPath = PathState(path, verifiedAt: now) }
    state.lately = old.lately.filter { $0.value > now }
    if let interval = cadence.interval, let past = old.verifiedPath,
      past.certificates != state.verifiedPath?.certificates
    {
      state.remember(past, refetchedEvery: interval, now: now)
    }
    hasNewPath = report.path != nil && state.verifiedPath?.certificates != old.verifiedPath?.certificates
    news = EndpointNews(report, before: before, next: state.schedule.nextAttempt)
    let lasting = news.condition.map { new in
      condition?.name == new.rawValue ? condition ?? .init(new.rawValue, since: now) : .init(new.rawValue, since: now)
    }
    stored = StoredSchedule(.probe(report.endpoint), state.schedule, condition: lasting)
    self.state = state
  }
}

extension PathState {
  /// Leaf first, root last.
  var certificates: [KnownCertificate] { [leaf] + issuers + [root] }
}

extension EndpointReport {
  /// What the ledger keeps of it.
  var observation: EndpointObservation {
    let verdict: ObservedVerdict =
      switch self.verdict {
      case .verified(let path): .verified(path: path)
      case .rejected: .rejected(ObservedFault(fault?.culprit ?? .server, fault?.reason ?? ""))
      case .failed, .notJudged: .failed(ObservedFault(fault?.culprit ?? .network, fault?.reason ?? ""))
      }
    return EndpointObservation(
      endpoint: endpoint, verdict: verdict, chain: chain?.certificates ?? [], disagreement: disagreement)
  }
}

extension ObservationOutcome {
  /// Whether something else was seen than the time before.
  var isNews: Bool {
    if case .same = self { false } else { true }
  }

  /// Whether the look before this one failed too, and got no chain; it means something only where this one did.
  var failedBefore: Bool {
    switch self {
    case .first: return false
    case .same: return true
    case .changed(let previous):
      guard case .failed = previous.observation.verdict else { return false }
      return previous.observation.chain.isEmpty
    }
  }

  /// Whether the addresses disagreed in the observation before.
  func disagreed(now: Bool) -> Bool {
    switch self {
    case .first: false
    case .same: now
    case .changed(let previous): previous.observation.disagreement
    }
  }
}
