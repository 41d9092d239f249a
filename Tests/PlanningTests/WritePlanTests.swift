// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import Testing

@Suite struct WritePlanTests {
  @Test func aChangedPasswordRewritesWhatIsOtherwiseUpToDate() {
    var sample = Sample()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.deliver(at: start)
    let writing = Work.write(keystore: "client")
    #expect(!sample.plan(at: start + hour).due.contains { $0.work == writing })
    sample.inventory.keystores["client"]?.passwordChanged = true
    #expect(
      sample.plan(at: start + hour).due.filter { $0.work == writing }.map(\.reason) == [.passwordChanged])
    // What an operator rolled back to has to open too, and stays what it is.
    let withdrawn = sample.inventory.keystores["client"]?.current?.content
    sample.inventory.keystores["client"]?.heldContent = withdrawn
    sample.inventory.keystores["client"]?.current?.content.trust = [fingerprint(9)]
    guard case .write(let content, .passwordChanged) = sample.decision(at: start + hour) else {
      Issue.record("files that do not open are left as they are")
      return
    }
    #expect(content.trust == [fingerprint(9)])
  }

  private func answering(_ identity: IdentitySource? = nil) -> Sample {
    var sample = Sample(identity: identity)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    return sample
  }

  private func delivered(_ identity: IdentitySource? = nil) -> Sample {
    var sample = answering(identity)
    sample.deliver(at: start)
    return sample
  }

  @Test func theFirstGenerationWaitsForEveryFirstProbe() {
    var sample = Sample(endpoints: ["cloud", "other"])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    #expect(sample.decision(at: start) == .waiting("it waits for the first probe of other"))
    #expect(sample.due(sample.write, at: start) == nil)
    sample.inventory.endpoints["other"] = .answering(nil, failing: "connection refused")
    guard case .write(let content, .firstGeneration(let missing, _)) = sample.decision(at: start) else {
      Issue.record("nothing is written although both were tried")
      return
    }
    #expect(missing == ["other"] && content.trust == [fingerprint(2), fingerprint(3)])
  }

  @Test func nothingIsWrittenWithoutAnIdentityOrACertificate() {
    var sample = Sample()
    sample.inventory.endpoints["cloud"] = .answering(nil, failing: "connection refused")
    #expect(sample.decision(at: start) == .waiting("it waits for a verified path of cloud"))
    sample.keystore.trust.endpoints = []
    #expect(sample.decision(at: start) == .waiting("there is neither an identity nor a trusted certificate to write"))
  }

  @Test func anIdentityAloneIsEnough() {
    var sample = Sample(identity: .serviceKey("sender"))
    sample.inventory.endpoints["cloud"] = .answering(nil, failing: "connection refused")
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: 100 * day)
    guard case .write(let content, _) = sample.decision(at: start) else {
      Issue.record("an identity alone is not written")
      return
    }
    #expect(content.identityLeaf == fingerprint(50) && content.trust.isEmpty)
  }

  @Test func aListOfTrustedCertificatesWaitsForTheFirst() {
    var sample = Sample(identity: .serviceKey("sender"))
    sample.inventory.endpoints["cloud"] = .answering(nil, failing: "connection refused")
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: 100 * day)
    sample.keystore.files.append(FileSettings(format: .caDirectory(path: .inKeystore("list"))))
    #expect(sample.decision(at: start) == .waiting("it waits for a verified path of cloud"))
    sample.keystore.trust.endpoints = []
    #expect(sample.decision(at: start) == .waiting("there is no trusted certificate to write"))
  }

  @Test func itWaitsForAnIdentityThatHasNotEnded() {
    var sample = answering(.serviceKey("sender"))
    #expect(sample.decision(at: start) == .waiting("it waits for its identity from service key sender"))
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: -100 * day, to: 0)
    #expect(
      sample.decision(at: start) == .waiting("it waits for an identity that has not ended from service key sender"))
  }

  @Test func nothingIsRewrittenWhenNothingChanged() {
    var sample = delivered()
    #expect(sample.decision(at: start + 300 * day) == .upToDate)
    // The server's leaf changes every few weeks; the trust list holds issuers and roots only.
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 99, issuer: 2, root: 3))
    #expect(sample.decision(at: start + 300 * day) == .upToDate)
    sample.keystore.afterChange = [HookSettings(arguments: ["/bin/true"])]
    sample.keystore.overlap = .seconds(60)
    #expect(sample.decision(at: start + 300 * day) == .upToDate)
  }

  @Test func aNewRootIsWrittenAtOnceAndUrgently() throws {
    var sample = delivered()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 2, root: 13))
    let due = try #require(sample.due(sample.write, at: start + day))
    #expect("\(due.reason)" == "the trust list lacks CN=Certificate 13")
    #expect(due.urgency == .urgent && due.lapsesAt == due.since)
    sample.deliver(at: start + day, number: 2)
    #expect(sample.state.current?.content.trust == [fingerprint(2), fingerprint(3), fingerprint(13)])
    #expect(sample.decision(at: start + 30 * day) == .upToDate)
    #expect(sample.plan(at: start + 30 * day).next.map { $0 <= start + 31 * day } == true)
    #expect(sample.due(sample.write, at: start + 31 * day)?.reason == .trustHoldsSurplus(count: 1))
  }

  @Test func aNewIdentityIsWritten() throws {
    var sample = answering(.serviceKey("sender"))
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: 100 * day)
    sample.deliver(at: start)
    sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: 0, to: 200 * day)
    let due = try #require(sample.due(sample.write, at: start + day))
    #expect(due.reason == .identityChanged && due.lapsesAt == start + 100 * day && due.urgency == .routine)
    #expect(sample.due(sample.write, at: start + 95 * day)?.urgency == .urgent)
  }

  @Test func changedFileSettingsAreWritten() {
    var sample = delivered()
    sample.keystore.files[0].mode = 0o600
    #expect(sample.due(sample.write, at: start)?.reason == .fileSettingsChanged)
  }

  @Test func damageIsRepaired() {
    var sample = delivered()
    sample.state.damage = "client.pse is missing"
    #expect(sample.due(sample.write, at: start)?.reason == .damaged("client.pse is missing", restoring: 1))
    // Even when nothing new could be written.
    sample.inventory.endpoints = [:]
    sample.state.trustMembers = []
    #expect(sample.due(sample.write, at: start)?.reason == .damaged("client.pse is missing", restoring: 1))
  }

  /// A command sees at once what the daemon will only find at its next look.
  @Test func damageThatACommandSeesWaitsForTheDaemon() {
    var sample = delivered()
    sample.state = sample.state.seenByCommand(at: start, daemonLooksEvery: .seconds(6 * 3600))
    #expect(sample.state.damageNoticedBy == nil)
    sample.state.damage = "client.pse is missing"
    sample.state = sample.state.seenByCommand(at: start, daemonLooksEvery: .seconds(6 * 3600))
    #expect(sample.due(sample.write, at: start) == nil)
    #expect(sample.due(sample.write, at: start + 6 * hour)?.reason == .damaged("client.pse is missing", restoring: 1))
    #expect(sample.state.damageSentence?.contains("systemctl reload certrotd") == true)
    sample.state.damageNoticedBy = nil
    sample.state.writing.failures = 1
    #expect(sample.state.seenByCommand(at: start, daemonLooksEvery: .seconds(1)).damageNoticedBy == nil)
  }

  @Test func whatWasRolledBackIsNotTriedAgainUnchanged() throws {
    var sample = delivered()
    let first = try #require(sample.state.current)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    sample.deliver(at: start + day, number: 2)
    sample.state.heldContent = sample.state.current?.content
    sample.state.rolledBackTo = 1
    sample.state.current = first
    guard case .held = sample.decision(at: start + 2 * day) else {
      Issue.record("what was rolled back is written again")
      return
    }
    // Files of the generation that was brought back are still repaired.
    sample.state.damage = "client.pse is missing"
    #expect(sample.due(sample.write, at: start + 2 * day)?.reason == .damaged("client.pse is missing", restoring: 1))
    sample.state.damage = nil
    // Other content is another matter.
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 14))
    #expect(sample.due(sample.write, at: start + 2 * day) != nil)
  }

  @Test func failedWritesWaitUnlessTheContentIsNew() throws {
    var sample = answering()
    guard case .write(let content, _) = sample.decision(at: start) else {
      Issue.record("nothing is due")
      return
    }
    let cadence = Planner.cadence(of: sample.write, in: sample.configuration, installation: 7)
    for _ in 0..<5 {
      sample.state.writing = sample.state.writing.failed(at: start, cadence: cadence, reason: "disk full")
    }
    sample.state.failedContent = content
    #expect(sample.due(sample.write, at: start + 10 * minute) == nil)
    #expect(sample.due(sample.write, at: start + 18 * minute) != nil)
    sample.keystore.files[0].mode = 0o600
    #expect(sample.due(sample.write, at: start + 1) != nil)
  }

  @Test func anExpiredCertificateWithoutASuccessorIsNoReasonToWrite() {
    let sample = delivered()
    // Ten years on by a wrong clock: to empty the trust list would break what works.
    #expect(sample.due(sample.write, at: start + 4000 * day) == nil)
  }
}
