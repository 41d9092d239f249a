// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

/// What is said of files whose origin the ledger no longer knows, and of identities in files that nothing renews.
struct LostKnowledgeTests {
  private func state(_ sample: Sample, _ subject: Subject, at now: Date) throws -> SubjectStatus {
    try #require(
      StatusReader.read(sample.configuration, sample.inventory, now: now).subjects.first { $0.subject == subject })
  }

  private let key = Subject.serviceKey("sender")
  private let keystore = Subject.keystore("client")

  /// As after a lost ledger, with the file of the service key gone.
  @Test func theForecastListsAnIdentityInFilesThatNothingReplaces() throws {
    var sample = Sample.complete()
    func left() -> [ForecastEntry] {
      Planner.forecast(sample.configuration, sample.inventory, now: start, until: start + 400 * day).filter {
        $0.subject == keystore && $0.what == .replaceIdentity
      }
    }
    #expect(left().isEmpty, "it is the one of the service key, which has an entry of its own")
    let known = sample.inventory.serviceKeys["sender"]?.identity
    sample.inventory.serviceKeys["sender"]?.identity = nil
    let lost = try #require(left().first)
    #expect(lost.lapsesAt == start + 365 * day && lost.why.contains("service key sender"), "\(lost.why)")
    #expect(try state(sample, key, at: start).reason.hasPrefix("none is known, though files of client hold"))
    // As after a rollback.
    sample.inventory.serviceKeys["sender"]?.identity = identity(8, from: 0, to: 700 * day)
    #expect(left().isEmpty, "the newer one is about to be written")
    guard case .write(let held, _) = sample.decision(at: start) else {
      Issue.record("a newer identity is written")
      return
    }
    sample.state.heldContent = held
    sample.state.rolledBackTo = 1
    let kept = try #require(left().first)
    #expect(kept.lapsesAt == known?.notAfter && kept.why.contains("rolled back to"), "\(kept.why)")
  }

  @Test func filesWhoseEndNobodyKnowsAreAFault() throws {
    var sample = Sample.complete()
    sample.state.current?.identity = nil
    let unknown = try state(sample, keystore, at: start)
    #expect(unknown.state == .failing && unknown.reason.contains("nobody knows when it ends"), "\(unknown.reason)")
    (sample.state.current, sample.state.unread) = (nil, 4)
    sample.inventory.serviceKeys["sender"]?.identity = nil
    let unread = try state(sample, keystore, at: start)
    #expect(unread.state == .failing, "it waits for an identity, and its files may end meanwhile")
    #expect(
      unread.reason.hasPrefix("the files of generation 4 are in use")
        && unread.reason.hasSuffix("it waits for its identity from service key sender"), "\(unread.reason)")
  }

  @Test func whatWasLostWithTheLedgerIsNotSaidToHaveNeverBeen() throws {
    var sample = Sample.complete()
    sample.keystore.trust.endpoints.append("other")
    #expect(try state(sample, keystore, at: start).reason == "it lacks what other needs, which never verified")
    sample.state.current?.wasFound = true
    #expect(
      try state(sample, keystore, at: start).reason
        == "it may lack what other needs: no chain has verified since the ledger was lost")
  }
}
