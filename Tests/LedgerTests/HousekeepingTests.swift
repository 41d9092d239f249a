// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import OpenSSLBridge
import Testing

@testable import Ledger

@Suite struct HousekeepingTests {
  func failed(_ chain: [Certificate], _ reason: String = "reset") -> EndpointObservation {
    EndpointObservation(endpoint: "a", verdict: .failed(ObservedFault(.network, reason)), chain: chain)
  }

  @Test func certificatesAreStoredOnce() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    try await store.record([failed(chain)], at: later(0))
    try await store.record([failed(chain, "refused")], at: later(1))
    try await store.record([failed(Array(chain.reversed()))], at: later(2))
    let counts = try await store.read { database in
      try ["certificate", "certificate_list"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
    }
    #expect(counts == [3, 2])
  }

  @Test func onlyWhatNothingRefersToIsCollectedAndNotTooMuchAtOnce() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let kept = try TestCertificate.chain("kept.example", serial: 1)
    try await store.replaceTrust("k", [StoredTrustMember(certificate: kept[2], firstNeeded: later(0))], at: later(0))
    for serial in 1...(LedgerStore.observationsPerEndpoint + 30) {
      let leaf = try TestCertificate.make("CN=a.example", serial: UInt64(serial))
      try await store.record([failed([leaf, kept[1]])], at: later(Double(serial)))
    }
    let first = try await store.housekeep(at: later(1_000), limit: 20)
    #expect(first == HousekeepingReport(certificates: 20, alerts: 0, hooks: 0))
    let second = try await store.housekeep(at: later(1_000), limit: 20)
    #expect(second == HousekeepingReport(certificates: 10, alerts: 0, hooks: 0))
    let last = try await store.housekeep(at: later(1_000), limit: 20)
    #expect(last == HousekeepingReport(certificates: 0, alerts: 0, hooks: 0))
    let fingerprints = Set([kept[1].fingerprint, kept[2].fingerprint])
    #expect(try await Set(store.certificates(fingerprints).keys) == fingerprints)
    #expect(try await store.observations("a", limit: 1_000).count == LedgerStore.observationsPerEndpoint)
  }

  @Test func whatAGenerationTrustsIsKeptForItsReturn() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    try await store.replaceTrust("k", [StoredTrustMember(certificate: chain[2], firstNeeded: later(0))], at: later(0))
    _ = try await store.beginGeneration(
      NewGeneration(keystore: "k", recipe: "r", leaf: nil, trust: [chain[2].fingerprint], reason: "a test"),
      at: later(0))
    try await store.replaceTrust("k", [], at: later(1))
    #expect(try await store.housekeep(at: later(2)).certificates == 0)
    #expect(try await store.certificates([chain[2].fingerprint]).count == 1)
  }

  @Test func theIdentityOfAGenerationIsKeptForItsEnd() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let leaf = try TestCertificate.make("CN=a")
    try await store.remember([leaf], at: later(0))
    let plan = NewGeneration(keystore: "k", recipe: "r", leaf: leaf.fingerprint, trust: [], reason: "a test")
    _ = try await store.adoptGeneration(plan, number: 3, as: .current, at: later(0))
    #expect(try await store.housekeep(at: later(2)).certificates == 0)
    #expect(try await store.certificates([leaf.fingerprint]).count == 1)
  }

  @Test func oldAlertsAreForgotten() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let fingerprint = try TestCertificate.make("CN=a").fingerprint
    let alert = RaisedAlert(
      subject: LedgerSubject(.endpoint, "a"), role: "leaf", certificate: fingerprint, mark: 86_400)
    try await store.recordAlerts([alert], at: later(0))
    #expect(try await store.housekeep(at: later(399 * 86_400)).alerts == 0)
    #expect(try await store.raisedAlerts() == [alert])
    #expect(try await store.housekeep(at: later(401 * 86_400)).alerts == 1)
    #expect(try await store.raisedAlerts().isEmpty)
  }
}
