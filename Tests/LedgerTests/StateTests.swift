// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import Testing

@testable import Ledger

/// Schedules, subjects, trust, alerts and history.
@Suite struct StateTests {
  let folder = try? LedgerFolder()

  @Test func schedulesComeBackAsTheyWereWritten() async throws {
    let folder = try #require(folder)
    let first = StoredSchedule(
      key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")), lastAttempt: later(1), lastSuccess: later(0.5),
      failures: 2, nextAttempt: later(3.25), reason: "backoff",
      condition: .init("unreachable", since: later(0.75)))
    let second = StoredSchedule(key: ScheduleKey("write", LedgerSubject(.keystore, "k")))
    do {
      let store = try folder.store()
      try await store.record([first, second])
      #expect(try await store.schedules() == [first, second])
      try store.close()
    }
    let store = try folder.store()
    var changed = first
    changed.condition = nil
    changed.failures = 0
    try await store.record([changed])
    #expect(try await store.schedules() == [changed, second])
  }

  @Test func aSubjectThatLeavesLosesItsSchedulesAndKeepsItsHistory() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let subject = LedgerSubject(.endpoint, "a")
    #expect(try await store.markPresent(.endpoint, names: ["a", "b"], at: later(0)).isEmpty)
    try await store.record([StoredSchedule(key: ScheduleKey("probe", subject))])
    try await store.append([HistoryEntry(at: later(1), subject: subject, event: "endpoint.added", message: "added")])
    #expect(try await store.markPresent(.endpoint, names: ["b"], at: later(2)) == ["a"])
    #expect(try await store.schedules().isEmpty)
    #expect(try await store.history(subject, limit: 10).count == 1)
    #expect(try await store.subjects(.endpoint).map(\.removedAt) == [later(2), nil])
    #expect(try await store.markPresent(.endpoint, names: ["b"], at: later(3)).isEmpty)
    #expect(try await store.markPresent(.endpoint, names: ["a", "b"], at: later(4)).isEmpty)
    #expect(try await store.subjects(.endpoint).map(\.removedAt) == [nil, nil])
  }

  @Test func namesOfDifferentKindsAreDifferentSubjects() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.markPresent(.endpoint, names: ["x"], at: later(0))
    try await store.markPresent(.keystore, names: ["x"], at: later(0))
    #expect(try await store.markPresent(.endpoint, names: [], at: later(1)) == ["x"])
    #expect(try await store.subjects(.keystore).map(\.removedAt) == [nil])
  }

  @Test func trustIsReplacedAsAWholeAndKeepsItsCertificates() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    let root = StoredTrustMember(certificate: chain[2], firstNeeded: later(0))
    let issuer = StoredTrustMember(certificate: chain[1], firstNeeded: later(1), lastNeeded: later(9))
    try await store.replaceTrust("k", [issuer, root], at: later(10))
    #expect(try await store.trustMembers("k") == [root, issuer])
    #expect(try await store.trustMembers("other").isEmpty)
    try await store.replaceTrust("k", [root], at: later(11))
    #expect(try await store.trustMembers("k") == [root])
    _ = try await store.housekeep(at: later(12))
    let kept = try await store.certificates([chain[1].fingerprint, chain[2].fingerprint])
    #expect(kept == [chain[2].fingerprint: chain[2]])
    #expect(try await store.certificates(withSubject: chain[2].subject.description, limit: 5) == [chain[2]])
  }

  @Test func alertsAreRememberedOnceWithTheirRole() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let fingerprint = try TestCertificate.make("CN=a").fingerprint
    let subject = LedgerSubject(.keystore, "k")
    let alerts: Set = [
      RaisedAlert(subject: subject, role: "identity", certificate: fingerprint, mark: 86_400),
      RaisedAlert(subject: subject, role: "identity", certificate: fingerprint, mark: 0),
      RaisedAlert(subject: subject, role: "trust", certificate: fingerprint, mark: 0),
    ]
    try await store.recordAlerts(alerts, at: later(0))
    try await store.recordAlerts(alerts, at: later(1))
    #expect(try await store.raisedAlerts() == alerts)
    try await store.markPresent(.keystore, names: [], at: later(2))
    #expect(try await store.raisedAlerts().isEmpty)
    try await store.markPresent(.keystore, names: ["k"], at: later(3))
    #expect(try await store.raisedAlerts() == alerts)
  }

  @Test func historyIsBoundedForEachSubject() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let busy = LedgerSubject(.endpoint, "busy")
    let quiet = LedgerSubject(.keystore, "quiet")
    let entries = (0..<1_200).map { index in
      HistoryEntry(
        at: later(Double(index)), subject: busy, event: "endpoint.chain-changed", message: "number \(index)",
        fields: ["B": "zwei \"2\"", "A": "1\n"])
    }
    let only = HistoryEntry(at: later(0), subject: quiet, event: "keystore.written", message: "once")
    try await store.append([only] + entries)
    #expect(try await store.history(busy, limit: 5_000) == entries.suffix(1_000).reversed())
    #expect(try await store.history(busy, limit: 1) == [entries[1_199]])
    #expect(try await store.history(quiet, limit: 10) == [only])
  }

  @Test func theSeedOfAnInstallationStays() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let seed = try await store.installationSeed()
    try store.close()
    #expect(try await folder.store().installationSeed() == seed)
    let other = try LedgerFolder()
    #expect(try await other.store().installationSeed() != seed)
  }

  @Test func onlyWritesOfOthersMoveTheChangeCounter() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let other = try folder.open(options: .command).store
    let before = try await store.changeCounter()
    try await store.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))])
    #expect(try await store.changeCounter() == before)
    try await other.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "b")))])
    #expect(try await store.changeCounter() != before)
  }

  @Test func aWriteIsFinishedEvenWhenItsTaskIsCancelled() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await store.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))])
    }
    task.cancel()
    try await task.value
    #expect(try await store.schedules().count == 1)
  }

  @Test func impossibleDatesAreClamped() {
    #expect(Date(timeIntervalSince1970: .infinity).instant.milliseconds == 9_000_000_000_000_000)
    #expect(Date(timeIntervalSince1970: .nan).instant.milliseconds == 0)
    #expect(Date.distantPast.instant.date == Date.distantPast)
    #expect(Duration.seconds(Int64.max).wholeMilliseconds == 9_000_000_000_000_000)
    #expect(Duration.milliseconds(1_500).wholeMilliseconds == 1_500)
  }
}
