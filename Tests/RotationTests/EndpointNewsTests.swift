// SPDX-License-Identifier: Apache-2.0

import Certificates
import ChainFetch
import FoundationEssentials
import Journal
import OpenSSLBridge
import Rotation
import TestSupport
import Testing

struct EndpointNewsTests {
  private let leaf: TestIdentity
  private let path: CertificatePath
  private let chain: Chain

  init() throws {
    leaf = try Authority.one.get().leaf()
    path = try #require(CertificatePath(leaf.path))
    chain = try #require(Chain(leaf.chain))
  }

  enum Found: CaseIterable, Sendable {
    case verified, rejected, notJudged, failed
  }

  private func report(_ found: Found, disagreement: Bool = false) -> EndpointReport {
    let verdict: EndpointReport.Verdict =
      switch found {
      case .verified: .verified(path)
      case .rejected: .rejected([CertificateComplaint(depth: 0, certificate: leaf.certificate, reason: .expired)])
      case .notJudged: .notJudged(.configuration, "the bundle /x holds no certificate")
      case .failed:
        .failed(
          ProbeFailure(
            kind: .refused, phase: .connect, server: HostPort(host: "a.example", port: 443), address: "192.0.2.1"))
      }
    return EndpointReport(
      endpoint: "shop", chain: found == .failed ? nil : chain, verdict: verdict, disagreement: disagreement)
  }

  private func news(
    _ report: EndpointReport, before condition: EndpointCondition? = nil, chain: [Certificate]? = nil,
    alternates: Bool = false, disagreement: Bool = false, failures: Int = 0, failedBefore: Bool = false,
    next: Date? = aTime
  ) -> EndpointNews {
    let news = EndpointNews(
      report,
      before: .init(
        condition: condition, chain: chain ?? leaf.chain, alternates: alternates, disagreement: disagreement,
        failures: failures, failedBefore: failedBefore),
      next: next)
    for event in news.events { expectCatalogued(event) }
    return news
  }

  /// What was found, what lasted, failures before it; what lasts now, what is told.
  @Test(arguments: [
    (Found.verified, nil as EndpointCondition?, 0, nil as EndpointCondition?, [] as [Event]),
    (.verified, nil, 1, nil, []),
    (.verified, .unreachable, 5, nil, [.endpointRecovered]),
    (.verified, .untrusted, 5, nil, [.endpointRecovered]),
    (.rejected, nil, 0, .untrusted, [.endpointUntrusted]),
    (.rejected, .untrusted, 9, .untrusted, []),
    (.rejected, .unreachable, 9, .untrusted, [.endpointUntrusted]),
    (.notJudged, nil, 0, .untrusted, [.endpointUntrusted]),
    (.notJudged, .untrusted, 9, .untrusted, []),
    (.failed, nil, 0, nil, []),
    (.failed, nil, 1, .unreachable, [.endpointUnreachable]),
    (.failed, nil, 2, .unreachable, [.endpointUnreachable]),
    (.failed, .unreachable, 2, .unreachable, []),
    (.failed, .untrusted, 1, .untrusted, []),
  ])
  func `one event on a change and none on repetition`(
    found: Found, before: EndpointCondition?, failures: Int, after: EndpointCondition?, told: [Event]
  ) {
    let news = news(report(found), before: before, failures: failures)
    #expect(news.condition == after)
    #expect(news.events.map(\.event) == told)
    #expect(news.events.allSatisfy { $0.fields[.endpoint] == "shop" })
  }

  @Test func `an endpoint that was not trusted and stays away is told of too, and its return untrusted again`() {
    let away = news(report(.failed), before: .untrusted, failures: 7, failedBefore: true)
    #expect(away.condition == .unreachable && away.events.map(\.event) == [.endpointUnreachable])
    #expect(news(report(.failed), before: away.condition, failures: 8, failedBefore: true).events.isEmpty)
    let back = news(report(.rejected), before: away.condition, failures: 9)
    #expect(back.condition == .untrusted && back.events.map(\.event) == [.endpointUntrusted])
  }

  @Test(arguments: Found.allCases) func `what is told twice in a row is told once`(found: Found) {
    let first = news(report(found, disagreement: true), failures: 3)
    let second = news(report(found, disagreement: true), before: first.condition, disagreement: true, failures: 4)
    #expect(second.events.isEmpty)
    #expect(second.condition == first.condition)
  }

  @Test func `recovery says from what`() {
    let reasons = [EndpointCondition.unreachable, .untrusted].map {
      news(report(.verified), before: $0).events.first?.fields[.reason]
    }
    #expect(reasons == ["it answers again", "its chain is trusted again"])
  }

  @Test func `a changed chain is told with what changed`() throws {
    let one = try Authority.one.get()
    let sameIssuer = try one.leaf().chain
    let otherIssuer = try Authority.two.get().leaf().chain
    let otherIssuers = [leaf.certificate] + leaf.issuers
    for (old, words) in [
      (sameIssuer, "a new certificate from the same issuer"), (otherIssuer, "a certificate from another issuer"),
      (otherIssuers, "other issuers with the same certificate"),
    ] {
      let events = news(report(.verified), chain: old).events
      #expect(events.map(\.event) == [.endpointChainChanged])
      #expect(events.first?.fields[.reason]?.contains(words) == true)
      #expect(events.first?.fields[.fingerprint] == leaf.certificate.fingerprint.description)
      #expect(events.first?.fields[.previousFingerprint] == old[0].fingerprint.description)
    }
    #expect(news(report(.verified), chain: []).events.isEmpty, "the first chain is no change")
    #expect(news(report(.failed), chain: otherIssuer).events.isEmpty, "no chain is no change")
    #expect(news(report(.verified), chain: otherIssuer, alternates: true).events.isEmpty, "it is one of several")
    #expect(
      news(report(.rejected), chain: otherIssuer).events.map(\.event) == [.endpointChainChanged, .endpointUntrusted])
  }

  @Test(arguments: [Found.rejected, .failed]) func `what is not known is left out`(found: Found) throws {
    let event = try #require(news(report(found), failures: 1, next: nil).events.first)
    #expect(event.fields[.nextAttempt] == nil)
    #expect(event.fields.values.allSatisfy { !$0.isEmpty })
  }

  @Test func `disagreement is told when it begins`() {
    #expect(news(report(.verified, disagreement: true)).events.map(\.event) == [.endpointDisagreement])
    #expect(news(report(.verified, disagreement: true), disagreement: true).events.isEmpty)
    #expect(news(report(.verified), disagreement: true).events.isEmpty)
  }

  @Test func `whoever is at fault is named`() {
    #expect(news(report(.rejected)).events.first?.fields[.culprit] == "server")
    #expect(news(report(.notJudged)).events.first?.fields[.culprit] == "configuration")
    #expect(news(report(.failed), failures: 1).events.first?.fields[.attempts] == "2")
  }
}
