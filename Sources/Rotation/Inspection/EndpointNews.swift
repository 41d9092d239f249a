// SPDX-License-Identifier: Apache-2.0

package import Certificates
import ChainFetch
package import FoundationEssentials
package import Journal
import OpenSSLBridge
import Planning

/// What lasts about an endpoint, so that it is told once and not on every pass.
package enum EndpointCondition: String, Sendable {
  case unreachable
  case untrusted
}

/// What is worth telling an operator about a new look at an endpoint, compared with what was known before.
package struct EndpointNews: Sendable, Equatable {
  /// What was known before the look.
  package struct Before: Sendable {
    package let condition: EndpointCondition?
    /// The chain that was seen last, leaf first; empty when none ever was.
    package let chain: [Certificate]
    /// Whether the chain that came now is one of several that the endpoint sends in turn, as behind a load balancer: it
    /// was seen before the last one too, no longer ago than its keystores' overlap.
    package let alternates: Bool
    package let disagreement: Bool
    /// Failed attempts in a row before this one.
    package let failures: Int
    /// Whether the last of them got no chain at all.
    package let failedBefore: Bool

    package init(
      condition: EndpointCondition?, chain: [Certificate], alternates: Bool = false, disagreement: Bool, failures: Int,
      failedBefore: Bool = false
    ) {
      self.failedBefore = failedBefore
      self.condition = condition
      self.chain = chain
      self.alternates = alternates
      self.disagreement = disagreement
      self.failures = failures
    }
  }

  package let condition: EndpointCondition?
  package let events: [Events.Raised]

  /// - Parameters:
  ///   - report: what was found now.
  ///   - before: what was known.
  ///   - next: when it is tried again.
  package init(_ report: EndpointReport, before: Before, next: Date?) {
    var events: [Events.Raised] = []
    if let chain = report.chain, !before.chain.isEmpty, chain.certificates != before.chain, !before.alternates {
      events.append(Self.chainChanged(report.endpoint, from: before.chain, to: chain.certificates))
    }
    if report.disagreement, !before.disagreement { events.append(Self.disagreement(report)) }

    switch report.verdict {
    case .verified(let path):
      condition = nil
      if let past = before.condition { events.append(Self.recovered(report.endpoint, from: past, path)) }
    case .rejected, .notJudged:
      condition = .untrusted
      if before.condition != .untrusted { events.append(Self.untrusted(report, next: next)) }
    case .failed(let failure):
      // One failed attempt is no news: the retry a minute later tells whether it lasts.
      // Where the chain was not trusted, attempts failed for that; only those without a chain count.
      let lasts =
        before.condition == .untrusted ? before.failedBefore : before.failures + 1 >= Self.failuresThatLast
      condition = lasts ? .unreachable : before.condition
      if lasts, before.condition != .unreachable {
        events.append(Self.unreachable(report.endpoint, failure, attempts: before.failures + 1, next: next))
      }
    }
    self.events = events
  }

  /// How many attempts in a row must fail before an endpoint counts as unreachable.
  package static let failuresThatLast = 2

  private static func chainChanged(
    _ endpoint: String, from old: [Certificate], to new: [Certificate]
  ) -> Events.Raised {
    let what =
      old.first == new.first
      ? "the server sends other issuers with the same certificate"
      : old.first?.issuer == new.first?.issuer
        ? "the server has a new certificate from the same issuer"
        : "the server has a certificate from another issuer, \(new.first?.issuer.description ?? "")"
    var fields: [EventField: String] = [.endpoint: endpoint, .reason: what]
    if let leaf = new.first {
      fields[.fingerprint] = leaf.fingerprint.description
      fields[.notAfter] = EventTime.text(leaf.validity.notAfter)
      fields[.subject] = leaf.subject.description
    }
    if let leaf = old.first { fields[.previousFingerprint] = leaf.fingerprint.description }
    return Events.Raised(
      .endpointChainChanged, message: "the chain of endpoint \(endpoint) changed: \(what)", fields: fields)
  }

  private static func disagreement(_ report: EndpointReport) -> Events.Raised {
    let judged = report.answers.first { $0.chain != nil }
    let addresses = report.answers.filter { $0.chain != nil && $0.chain?.leaf != judged?.chain?.leaf }
      .compactMap(\.address)
    let reason =
      addresses.isEmpty
      ? "its addresses send different certificates"
      : "\(addresses.joined(separator: ",")) \(addresses.count == 1 ? "sends" : "send") another certificate than "
        + "\(judged?.address ?? "the first address"), whose chain alone is judged and trusted"
    var fields: [EventField: String] = [.endpoint: report.endpoint, .reason: reason]
    if !addresses.isEmpty { fields[.addresses] = addresses.joined(separator: ",") }
    return Events.Raised(
      .endpointDisagreement, message: "endpoint \(report.endpoint) disagrees with itself: \(reason)", fields: fields)
  }

  private static func recovered(
    _ endpoint: String, from condition: EndpointCondition, _ path: CertificatePath
  ) -> Events.Raised {
    let reason = condition == .unreachable ? "it answers again" : "its chain is trusted again"
    return Events.Raised(
      .endpointRecovered, message: "endpoint \(endpoint) is in order again: \(reason)",
      fields: [
        .endpoint: endpoint, .reason: reason, .fingerprint: path.leaf.fingerprint.description,
        .notAfter: EventTime.text(path.leaf.validity.notAfter),
      ])
  }

  private static func unreachable(
    _ endpoint: String, _ failure: ProbeFailure, attempts: Int, next: Date?
  ) -> Events.Raised {
    var fields: [EventField: String] = [
      .endpoint: endpoint, .reason: failure.description, .culprit: failure.culprit.rawValue,
      .attempts: String(attempts),
    ]
    fields[.nextAttempt] = next.map(EventTime.text)
    return Events.Raised(
      .endpointUnreachable, message: "endpoint \(endpoint) cannot be reached: \(failure)", fields: fields)
  }

  private static func untrusted(_ report: EndpointReport, next: Date?) -> Events.Raised {
    let (culprit, reason) = report.fault ?? (.certrotd, "no reason is known")
    var fields: [EventField: String] = [
      .endpoint: report.endpoint, .reason: reason, .culprit: culprit.rawValue,
    ]
    fields[.nextAttempt] = next.map(EventTime.text)
    if let leaf = report.chain?.leaf {
      fields[.fingerprint] = leaf.fingerprint.description
      fields[.notAfter] = EventTime.text(leaf.validity.notAfter)
      fields[.subject] = leaf.subject.description
    }
    return Events.Raised(
      .endpointUntrusted,
      message: "endpoint \(report.endpoint) is not trusted, and nothing of it enters a keystore: \(reason)",
      fields: fields)
  }
}
