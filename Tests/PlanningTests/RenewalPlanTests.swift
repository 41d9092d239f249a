// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import SystemPackage
import Testing

@Suite struct RenewalPlanTests {
  private let renew = Work.renewSelfSigned(keystore: "client")

  private func sample(from: TimeInterval = 0, to: TimeInterval = 100 * day) -> Sample {
    var sample = Sample(identity: Sample.selfSigned)
    sample.state.identity = identity(50, from: from, to: to, recipe: Sample.selfSigned.recipe)
    sample.state.identitySchedule = Schedule(lastAttempt: start + from, lastSuccess: start + from)
    return sample
  }

  @Test func theFirstIdentityIsMadeAtOnce() {
    #expect(Sample(identity: Sample.selfSigned).due(renew, at: start)?.reason == .noIdentityYet)
  }

  @Test func isDueAtRenewBefore() throws {
    let sample = sample()
    #expect(sample.due(renew, at: start + 66 * day) == nil)
    let due = try #require(sample.due(renew, at: start + 68 * day))
    #expect("\(due.reason)" == "renewal is due: the identity ends in 32 d, at 2026-09-09 00:00:00Z")
    #expect(due.urgency == .routine && due.lapsesAt == start + 100 * day)
    #expect(abs(due.since.timeIntervalSince(start + 67 * day)) < 1)
  }

  @Test func theLastTenthIsUrgentAndTriesEveryMinute() throws {
    var sample = sample()
    let cadence = Planner.cadence(of: renew, in: sample.configuration, installation: 7)
    for _ in 0..<10 {
      sample.state.identitySchedule = sample.state.identitySchedule.failed(
        at: start + 90 * day, cadence: cadence, reason: "no entropy")
    }
    #expect(sample.due(renew, at: start + 90 * day + 59) == nil)
    #expect(sample.due(renew, at: start + 90 * day + 60)?.urgency == .urgent)
    for index in sample.configuration.keystores.indices { sample.configuration.keystores[index].alertBefore = [] }
    #expect(sample.plan(at: start + 90 * day + 1).next.map { $0 <= start + 90 * day + 60 } == true)
  }

  @Test func anIdentityOfTheFutureIsMadeAnewOnce() {
    let sample = sample(from: 3650 * day, to: 3750 * day)
    #expect(sample.due(renew, at: start)?.reason == .notYetValid(notBefore: start + 3650 * day))
    #expect(self.sample(from: 200).due(renew, at: start) == nil)
  }

  @Test func changedSettingsMakeANewIdentity() {
    var sample = sample()
    sample.keystore.identity = .selfSigned(SelfSignedSettings(subject: "CN=other.example"))
    #expect(sample.due(renew, at: start + day)?.reason == .identitySettingsChanged)
    #expect(sample.decision(at: start + day) == .waiting("it waits for the first probe of cloud"))
    #expect(sample.due(renew, at: start + 1)?.reason == .identitySettingsChanged, "an identity was made a second ago")
  }

  @Test func aRenewalIsNotRepeatedWithinAMinute() {
    // Made a second ago with a life that is over at once.
    var sample = sample(from: -1, to: 1)
    sample.state.identitySchedule = Schedule(lastAttempt: start, lastSuccess: start)
    #expect(sample.due(renew, at: start + 30) == nil)
    #expect(sample.due(renew, at: start + 60) != nil)
  }

  @Test func identityFilesAreReadAtOnceAndAtEveryRefetch() {
    let files = PEMIdentityFiles(certificate: "/etc/pki/client.pem", key: "/etc/pki/client.key")
    var sample = Sample(identity: .pem(files))
    let read = Work.readIdentityFiles(keystore: "client")
    #expect(sample.due(read, at: start) != nil)
    sample.state.identity = identity(50, from: 0, to: 100 * day, recipe: IdentitySource.pem(files).recipe)
    sample.state.identitySchedule = Schedule(lastAttempt: start, lastSuccess: start)
    #expect(sample.due(read, at: start + hour) == nil)
    #expect(sample.due(read, at: start + 7 * hour) != nil)
    sample.keystore.identity = .pem(PEMIdentityFiles(certificate: "/etc/pki/new.pem", key: "/etc/pki/new.key"))
    #expect(sample.due(read, at: start + hour) != nil)
  }

  @Test func serviceKeysAreReadAtEveryRefetch() {
    var sample = Sample()
    #expect(sample.due(.readServiceKey("sender"), at: start + hour) == nil)
    #expect(sample.due(.readServiceKey("sender"), at: start + 7 * hour) != nil)
    sample.inventory.serviceKeys = [:]
    #expect(sample.due(.readServiceKey("sender"), at: start)?.reason == .neverAttempted)
  }
}
