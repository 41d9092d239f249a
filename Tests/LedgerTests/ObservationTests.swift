// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import Testing

@testable import Ledger

@Suite struct ObservationTests {
  let folder = try? LedgerFolder()

  func verified(_ endpoint: String, _ chain: [Certificate]) throws -> EndpointObservation {
    EndpointObservation(
      endpoint: endpoint, verdict: .verified(path: try #require(CertificatePath(chain))), chain: Array(chain.dropLast())
    )
  }

  @Test func anObservationThatSaysTheSameIsOnlyCounted() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let observation = try verified("a", TestCertificate.chain("a.example"))
    #expect(try await store.record([observation], at: later(0)) == [.first])
    #expect(try await store.record([observation], at: later(60)) == [.same(count: 2, since: later(0))])
    #expect(try await store.record([observation], at: later(120)) == [.same(count: 3, since: later(0))])
    let stored = StoredObservation(observation: observation, firstSeen: later(0), lastSeen: later(120), count: 3)
    #expect(try await store.observations("a", limit: 10) == [stored])
  }

  @Test func aChangeMakesANewRowAndTellsThePreviousOne() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let old = try verified("a", TestCertificate.chain("a.example", serial: 1))
    let new = try verified("a", TestCertificate.chain("a.example", serial: 2))
    try await store.record([old], at: later(0))
    let outcomes = try await store.record([new], at: later(60))
    let previous = StoredObservation(observation: old, firstSeen: later(0), lastSeen: later(0), count: 1)
    #expect(outcomes == [.changed(previous: previous)])
    #expect(try await store.observations("a", limit: 10).map(\.observation) == [new, old])
  }

  static let variations: [@Sendable (inout EndpointObservation) -> Void] = [
    { $0.chain.reverse() },
    { $0.chain = [] },
    { $0.disagreement = true },
    { $0.verdict = .failed(ObservedFault(.network, "no route")) },
    { $0.verdict = .rejected(ObservedFault(.server, "expired")) },
    { $0.verdict = .rejected(ObservedFault(.configuration, "unknown issuer")) },
    { $0.verdict = .failed(ObservedFault(.server, "unknown issuer")) },
  ]

  @Test(arguments: variations.indices)
  func everyPartOfAnObservationCounts(_ index: Int) async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let base = EndpointObservation(
      endpoint: "a", verdict: .rejected(ObservedFault(.server, "unknown issuer")),
      chain: try TestCertificate.chain("a.example"))
    var other = base
    Self.variations[index](&other)
    if case .rejected = other.verdict, other.chain.isEmpty { other.verdict = .failed(ObservedFault(.server, "empty")) }
    try await store.record([base], at: later(0))
    let outcome = try await store.record([other], at: later(1))
    #expect(
      outcome == [.changed(previous: .init(observation: base, firstSeen: later(0), lastSeen: later(0), count: 1))])
    #expect(try await store.latestObservation("a")?.observation == other)
  }

  @Test func aChainThatComesBackWasSentBefore() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let one = try verified("a", TestCertificate.chain("a.example", serial: 1))
    let two = try verified("a", TestCertificate.chain("a.example", serial: 2))
    let outage = EndpointObservation(endpoint: "a", verdict: .failed(ObservedFault(.network, "no route")), chain: [])
    #expect(try await !store.sentBefore("a", since: later(0)))
    let other = try verified("b", TestCertificate.chain("a.example", serial: 2))
    try await store.record([one, other], at: later(0))
    try await store.record([one], at: later(60))
    #expect(try await !store.sentBefore("a", since: later(0)), "this is the newest observation itself")
    try await store.record([two], at: later(120))
    #expect(try await !store.sentBefore("a", since: later(0)), "nor was it sent by this endpoint")
    try await store.record([outage], at: later(150))
    #expect(try await !store.sentBefore("a", since: later(0)), "nothing is no chain")
    #expect(try await store.previousChain("a") == two.chain)
    try await store.record([one], at: later(180))
    #expect(try await store.sentBefore("a", since: later(60)))
    #expect(try await store.previousChain("a") == two.chain, "an outage in between is no chain")
    #expect(try await store.previousChain("b").isEmpty)
    #expect(try await !store.sentBefore("a", since: later(61)))
  }

  @Test func theLastVerifiedPathOutlivesFailures() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    #expect(try await store.latestVerifiedPath("a") == nil)
    try await store.record([try verified("a", chain)], at: later(0))
    try await store.record([try verified("a", chain)], at: later(10))
    for index in 0..<(LedgerStore.observationsPerEndpoint + 20) {
      let failure = EndpointObservation(
        endpoint: "a", verdict: .failed(ObservedFault(.network, "failure \(index)")), chain: [])
      try await store.record([failure], at: later(Double(20 + index)))
    }
    let path = try #require(CertificatePath(chain))
    #expect(
      try await store.latestVerifiedPath("a")
        == VerifiedPath(path: path, chain: Array(chain.dropLast()), at: later(10)))
    let kept = try await store.observations("a", limit: 10_000)
    #expect(kept.count == LedgerStore.observationsPerEndpoint + 1)
    #expect(kept.first?.observation.verdict == .failed(ObservedFault(.network, "failure 319")))
  }

  @Test func aBatchIsAllOrNothing() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let good = try verified("a", TestCertificate.chain("a.example"))
    // Rejected without a chain is refused by the schema.
    let impossible = EndpointObservation(
      endpoint: "b", verdict: .rejected(ObservedFault(.server, "nothing")), chain: [])
    await #expect(throws: LedgerError.self) { try await store.record([good, impossible], at: later(0)) }
    #expect(try await store.latestObservation("a") == nil)
  }

  @Test func theNewestIsTheOneRecordedLastWhateverTheClockSays() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let old = try verified("a", TestCertificate.chain("a.example", serial: 1))
    let new = try verified("a", TestCertificate.chain("a.example", serial: 2))
    try await store.record([old], at: later(1e9))
    try await store.record([new], at: later(-1e9))
    #expect(try await store.latestObservation("a")?.observation == new)
    #expect(try await store.record([new], at: later(-2e9)) == [.same(count: 2, since: later(-1e9))])
    #expect(try await store.latestVerifiedPath("a")?.at == later(-2e9))
  }

  @Test func anOutageIsNoAgreement() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    var seen = try verified("a", chain)
    let away = EndpointObservation(endpoint: "a", verdict: .failed(ObservedFault(.network, "refused")), chain: [])
    #expect(try await !store.disagreedBefore("a"))
    seen.disagreement = true
    for (index, observation) in [seen, away, seen].enumerated() {
      try await store.record([observation], at: later(Double(index)))
    }
    #expect(try await store.disagreedBefore("a"))
    seen.disagreement = false
    for (index, observation) in [seen, away].enumerated() {
      try await store.record([observation], at: later(Double(3 + index)))
    }
    #expect(try await !store.disagreedBefore("a"))
  }

  @Test func reasonsOfHostileLengthAreCut() async throws {
    let fault = ObservedFault(.server, String(repeating: "ä", count: 100_000))
    #expect(fault.reason.count == 500)
  }
}
