// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import Host
import SystemPackage
import Testing

@testable import Ledger

/// How large the ledger grows.
@Suite struct YearTests {
  /// A thousand endpoints, fetched every six hours for a year, with what a year brings: leaves that are renewed every
  /// 90 days, an issuer that changes, addresses that disagree for a while, fetches that fail now and then, and four
  /// outages of the own network.
  ///
  /// Measured with all thousand: 35 MB. By default 25 of them are simulated and the size is multiplied; with
  /// `CERTROTD_FULL_YEAR=1` it is all of them.
  @Test func aYearOfAThousandEndpointsStaysUnderAHundredMegabytes() async throws {
    let share = ProcessInfo.processInfo.environment["CERTROTD_FULL_YEAR"] == nil ? 40 : 1
    let endpoints = 1_000 / share
    let folder = try LedgerFolder()
    let store = try folder.store()
    // Thousands of waits for the disk change nothing about the size.
    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    var landscape = try Landscape(endpoints: endpoints)
    var kinds: [String: Int] = [:]
    for round in 0..<(365 * 4) {
      let now = later(Double(round) * 6 * 3_600)
      let observations = try landscape.observations(round: round, now: now)
      let outcomes = try await store.record(observations, at: now)
      try await store.record(observations.map { Landscape.schedule($0, now: now) })
      let changed = zip(observations, outcomes).filter { if case .changed = $1 { true } else { false } }
      try await store.append(changed.map { Landscape.entry($0.0, now: now) })
      kinds["changed", default: 0] += changed.count
      kinds["all", default: 0] += outcomes.count
      if round % 4 == 0 { _ = try await store.housekeep(at: now) }
    }
    try store.close()
    let size = try HostFiles().status(of: folder.ledger).size
    #expect(kinds["all"] == endpoints * 365 * 4)
    #expect(kinds["changed", default: 0] > 20 * endpoints)
    #expect(Int(size) * share < 100_000_000, "\(size) bytes for \(endpoints) endpoints")
    #expect(try folder.open().origin == .existing)
  }
}

/// A thousand servers and what happens to them.
private struct Landscape {
  private var chains: [[Certificate]] = []
  private var issuers: [Certificate]
  private let root: Certificate
  private var random = SplitMix(seed: 2025)
  private var serial: UInt64 = 0

  init(endpoints: Int) throws {
    root = try TestCertificate.make("CN=Example Global Root G2,O=Example,C=DE", serial: 999_999, padding: 300)
    issuers = []
    issuers = try (0..<20).map { try issuer($0) }
    chains = try (0..<endpoints).map { try chain($0, now: later(0)) }
  }

  mutating func observations(round: Int, now: Date) throws -> [EndpointObservation] {
    let isOutage = (round % 365) == 200
    if round == 730 { issuers[3] = try issuer(3) }
    return try chains.indices.map { index in
      // Every endpoint renews 90 days after the last time, spread over the quarter.
      if round > 0, (round + index) % 360 == 0 { chains[index] = try chain(index, now: now) }
      let name = "tenant-\(index)-api"
      if isOutage {
        return EndpointObservation(
          endpoint: name,
          verdict: .failed(ObservedFault(.network, "the name did not resolve: no answer from 10.0.0.53")),
          chain: [])
      }
      if Double.random(in: 0..<1, using: &random) < 0.005 {
        return EndpointObservation(
          endpoint: name, verdict: .failed(ObservedFault(.network, "connecting timed out after 10 s")), chain: [])
      }
      return EndpointObservation(
        endpoint: name, verdict: .verified(path: try #require(CertificatePath(chains[index] + [root]))),
        chain: chains[index], disagreement: index % 100 == 0 && (round / 4) % 30 == 7)
    }
  }

  private mutating func issuer(_ number: Int) throws -> Certificate {
    serial += 1
    return try TestCertificate.make(
      "CN=Example TLS CA \(number),O=Example,C=DE", issuer: root.subject.description, serial: serial, padding: 500)
  }

  // A genuine leaf of a public authority has about two thousand bytes.
  private mutating func chain(_ index: Int, now: Date) throws -> [Certificate] {
    serial += 1
    let issuer = issuers[index % issuers.count]
    return [
      try TestCertificate.make(
        "CN=tenant-\(index)-api.s4hana.example,O=Example,C=DE", issuer: issuer.subject.description, serial: serial,
        notBefore: now, padding: 1_200), issuer,
    ]
  }

  static func schedule(_ observation: EndpointObservation, now: Date) -> StoredSchedule {
    let failed = if case .failed(let fault) = observation.verdict { fault.reason } else { String?.none }
    return StoredSchedule(
      key: ScheduleKey("probe", LedgerSubject(.endpoint, observation.endpoint)), lastAttempt: now,
      lastSuccess: failed == nil ? now : now.addingTimeInterval(-21_600), failures: failed == nil ? 0 : 1,
      nextAttempt: now.addingTimeInterval(21_600), reason: failed ?? "refetched every 6 h",
      condition: failed.map { _ in .init("unreachable", since: now) })
  }

  static func entry(_ observation: EndpointObservation, now: Date) -> HistoryEntry {
    HistoryEntry(
      at: now, subject: LedgerSubject(.endpoint, observation.endpoint), event: "endpoint.chain-changed",
      message: "the endpoint \(observation.endpoint) sends another chain than before",
      fields: [
        "CERTROTD_ENDPOINT": observation.endpoint, "CERTROTD_REASON": "\(observation.verdict.name)",
        "CERTROTD_FINGERPRINT": String(repeating: "a1", count: 32),
      ])
  }
}
