// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import SystemPackage
import Testing

@Suite struct AlertPlanTests {
  private func sample(lifetime: TimeInterval = 365 * day) -> Sample {
    var sample = Sample(identity: .serviceKey("sender"))
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: lifetime)
    return sample
  }

  private func alerts(_ sample: Sample, at now: Date) -> [AlertMark] {
    sample.plan(at: now).due.compactMap { due in
      guard case .alert(let mark) = due.work else { return nil }
      return mark
    }
  }

  private func kinds(_ sample: Sample, at now: Date) -> [AlertMark.Kind] { alerts(sample, at: now).map(\.kind) }

  @Test func eachMarkIsRaisedOnce() {
    var sample = sample()
    #expect(alerts(sample, at: start + 334 * day).isEmpty)
    var raised: [AlertMark.Kind] = []
    for days in 300..<370 {
      for mark in alerts(sample, at: start + Double(days) * day) {
        raised.append(mark.kind)
        sample.inventory.alerts.insert(mark)
      }
    }
    let days: [Int64] = [30, 14, 7, 3, 1]
    #expect(raised == days.map { .expiring(mark: $0 * 86_400) } + [.expired])
  }

  @Test func onlyTheNearestOfSeveralMarksIsRaised() {
    var sample = sample()
    #expect(kinds(sample, at: start + 360 * day) == [.expiring(mark: 7 * 86_400)])
    sample.inventory.alerts.formUnion(alerts(sample, at: start + 360 * day))
    #expect(alerts(sample, at: start + 360 * day).isEmpty)
    // A clock that was set back a little does not bring the wider marks up again.
    #expect(alerts(sample, at: start + 358 * day - hour).isEmpty)
    #expect(kinds(sample, at: start + 363 * day) == [.expiring(mark: 3 * 86_400)])
  }

  /// Days since the start at which the clock is right when it jumps ahead for a moment, and the marks that are told later.
  @Test(arguments: [(100, [30, 14, 7, 3, 1, 0]), (340, [14, 7, 3, 1, 0]), (363, [1, 0])] as [(Int, [Int64])])
  func `a clock that runs ahead for a moment silences nothing`(day jump: Int, marks: [Int64]) {
    var sample = sample()
    var told: [AlertMark.Kind] = []
    func live(at time: Date) {
      let due = sample.plan(at: time).due
      for case .withdrawAlert(let mark) in due.map(\.work) { sample.inventory.alerts.remove(mark) }
      told = alerts(sample, at: time).map(\.kind)
      sample.inventory.alerts.formUnion(alerts(sample, at: time))
    }
    live(at: start + Double(jump) * day)
    live(at: start + Double(jump + 800) * day)
    #expect(told == [.expired])
    var later: [AlertMark.Kind] = []
    for hours in (jump * 24)...(367 * 24) {
      live(at: start + Double(hours) * hour)
      later += told
    }
    #expect(later == marks.map { $0 == 0 ? .expired : .expiring(mark: $0 * 86_400) })
  }

  @Test func theSentenceNamesWhatEndsAndWhen() throws {
    let due = try #require(
      sample().plan(at: start + 340 * day).due.first { if case .alert = $0.work { true } else { false } })
    #expect("\(due.reason)" == "the identity of service key sender ends in 25 d, at 2027-06-01 00:00:00Z")
    #expect(due.since == start + 335 * day && due.lapsesAt == start + 365 * day)
  }

  @Test func marksLongerThanTheLifetimeAreSkipped() {
    #expect(kinds(sample(lifetime: 10 * day), at: start + hour).isEmpty)
    #expect(kinds(sample(lifetime: 10 * day), at: start + 4 * day) == [.expiring(mark: 7 * 86_400)])
    // Crossed from the first moment on is as good as longer.
    #expect(kinds(sample(lifetime: 7 * day), at: start).isEmpty)
  }

  private static let marks: [Duration] = [30, 14, 7, 3, 1].map { .seconds($0 * 86_400) }

  /// The role, the lifetime in days, and the marks that apply, in days.
  @Test(arguments: [
    (AlertMark.Role.leaf, 398.0, [1, 3, 7, 14, 30] as [Double]), (.leaf, 91, [1, 3, 7, 14, 30]),
    (.leaf, 90, [1, 3, 7, 14]), (.leaf, 47, [1, 3, 7, 14]), (.leaf, 10, [1, 3]), (.leaf, 6, [1]), (.leaf, 3, [0.3]),
    (.leaf, 0, []), (.leaf, -5, []), (.identity, 90, [1, 3, 7, 14, 30]), (.identity, 30, [1, 3, 7, 14]),
    (.written, 10, [1, 3, 7]), (.trust, 90, [1, 3, 7, 14, 30]),
    // Its validity begins an hour before it was made.
    (.identity, 30 + 1.0 / 24, [1, 3, 7, 14]), (.identity, 1, [0.1]), (.identity, 0.5, [0.05]),
  ])
  func marksThatApply(role: AlertMark.Role, lifetimeDays: Double, days: [Double]) {
    #expect(
      AlertMarks.applying(Self.marks, to: role, lifetime: lifetimeDays * day)
        == days.map { Int64(($0 * day).rounded()) })
  }

  @Test func noMarksAreNone() {
    #expect(AlertMarks.applying([], to: .identity, lifetime: 100 * day).isEmpty)
    #expect(AlertMarks.applying(Self.marks, to: .identity, lifetime: 9).isEmpty)
  }

  @Test func marksAreTakenInAnyOrderAndOnce() {
    let marks: [Duration] = [.seconds(5), .seconds(60), .seconds(5), .milliseconds(400), .zero, .seconds(-9)]
    #expect(AlertMarks.applying(marks, to: .identity, lifetime: 100) == [5, 60])
  }

  @Test func aServerThatRenewsWithAThirdLeftIsNoNews() {
    var sample = Sample()
    var path = path(leaf: 1, issuer: 2, root: 3, leafEnds: 90 * day)
    path.leaf.notBefore = start
    sample.inventory.endpoints["cloud"] = .answering(path)
    #expect(alerts(sample, at: start + 61 * day).isEmpty)
    #expect(kinds(sample, at: start + 77 * day) == [.expiring(mark: 14 * 86_400)])
    #expect(
      StatusReader.read(sample.configuration, sample.inventory, now: start + 61 * day).subjects[0].state != .expiring)
  }

  @Test func anEndIsToldOnce() {
    var sample = sample()
    #expect(kinds(sample, at: start + 366 * day) == [.expired])
    sample.inventory.alerts.formUnion(alerts(sample, at: start + 366 * day))
    #expect(alerts(sample, at: start + 3660 * day).isEmpty)
  }

  @Test func aNewIdentityHasItsOwnAlerts() {
    var sample = sample()
    sample.inventory.alerts.formUnion(alerts(sample, at: start + 364 * day))
    sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: 364 * day, to: 729 * day)
    #expect(alerts(sample, at: start + 365 * day).isEmpty)
    #expect(kinds(sample, at: start + 700 * day) == [.expiring(mark: 30 * 86_400)])
  }

  @Test func theIdentityInTheFilesIsWatchedWhileItDiffers() {
    var sample = sample(lifetime: 40 * day)
    sample.inventory.endpoints["cloud"] = .answering(nil)
    sample.deliver(at: start)
    sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: 0, to: 400 * day)
    let mark = AlertMark(
      subject: .keystore("client"), role: .written, certificate: fingerprint(50), kind: .expiring(mark: 7 * 86_400))
    #expect(alerts(sample, at: start + 35 * day).isEmpty, "it is about to be replaced")
    sample.inventory.keystores["client"]?.writing.failures = 1
    #expect(alerts(sample, at: start + 35 * day) == [mark])
  }

  @Test func leavesAndTrustedCertificatesAreWatched() {
    var sample = Sample()
    var ending = path(leaf: 1, issuer: 2, root: 3, leafEnds: 20 * day)
    ending.root = certificate(3, to: 5 * day)
    ending.leaf.notBefore = start - 300 * day
    sample.inventory.endpoints["cloud"] = .answering(ending)
    #expect(
      Set(alerts(sample, at: start)) == [
        AlertMark(
          subject: .endpoint("cloud"), role: .leaf, certificate: fingerprint(1), kind: .expiring(mark: 30 * 86_400)),
        AlertMark(
          subject: .keystore("client"), role: .trust, certificate: fingerprint(3), kind: .expiring(mark: 7 * 86_400)),
      ])
    // A root that nobody needs any more may end in silence.
    sample.remember(at: start)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    #expect(alerts(sample, at: start).isEmpty)
  }

  @Test func bundlesMayHoldWhatEndedLongAgo() {
    var sample = Sample(endpoints: [], bundles: ["/roots.pem"])
    sample.inventory.bundles["/roots.pem"] = [certificate(70, to: -100 * day), certificate(71, to: 5 * day)]
    #expect(kinds(sample, at: start) == [.expiring(mark: 7 * 86_400)])
    sample.inventory.alerts.formUnion(alerts(sample, at: start))
    #expect(alerts(sample, at: start + 5 * day).map(\.certificate) == [fingerprint(71)])
  }

  @Test func identifiersOfDifferentAlertsDiffer() {
    let marks = [Subject.endpoint("a"), .serviceKey("a"), .keystore("a"), .keystore("a:b")].flatMap { subject in
      [AlertMark.Kind.expired, .expiring(mark: 86_400), .expiring(mark: .max)].map { kind in
        AlertMark(subject: subject, role: .identity, certificate: fingerprint(9), kind: kind)
      }
    }
    #expect(Set(marks.map(\.identifier)).count == marks.count)
  }
}
