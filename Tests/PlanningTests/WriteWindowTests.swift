// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings
import SystemPackage
import Testing

@testable import Planning

/// What waits for a change window, and what does not.
///
/// `start` is a Monday; windows open on Saturday at 22:00.
struct WriteWindowTests {
  private static let saturday = start + 5 * day + 22 * hour

  /// A keystore with the identity of a service key that ends in `days` days, and a trust list; written at `start`.
  private static func sample(endsIn days: Double = 100, zone: String = "UTC") throws -> Sample {
    var sample = Sample(identity: .serviceKey("sender"), bundles: ["/roots.pem"])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.inventory.bundles["/roots.pem"] = [certificate(7)]
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: 0, to: days * day)
    sample.keystore.changeWindows = [
      ChangeWindow(days: [.saturday], from: 1320, to: 240, zone: try #require(WindowZone(zone)))
    ]
    sample.deliver(at: start)
    try #require(sample.state.current != nil, "the first generation waits for no window")
    return sample
  }

  private static func successor(_ sample: inout Sample, at time: TimeInterval = 0) {
    sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: time, to: time + 100 * day)
  }

  // MARK: What waits

  static let waiting: [(String, @Sendable (inout Sample) -> Void)] = [
    ("another identity", { successor(&$0) }),
    ("other settings of files", { $0.keystore.files[0].mode = 0o600 }),
    ("another password", { $0.state.passwordChanged = true }),
    ("a bundle that holds more", { $0.inventory.bundles["/roots.pem"]?.append(certificate(8)) }),
    ("what nothing needs any more", { $0.state.current?.content.trust.insert(fingerprint(9)) }),
  ]

  @Test(arguments: waiting)
  func `a change waits for the window, and the plan wakes when it opens`(
    what: String, change: @Sendable (inout Sample) -> Void
  ) throws {
    var sample = try Self.sample()
    change(&sample)
    for time in [start + hour, start + day, Self.saturday - 1] {
      #expect(sample.due(sample.write, at: time) == nil, "\(what)")
    }
    let upcoming = Planner.plan(sample.configuration, sample.inventory, now: start + hour, foreseeing: true)
    #expect(upcoming.upcoming[sample.write] == Self.saturday)
    #expect(try #require(upcoming.next) <= Self.saturday)
    for time in [Self.saturday, Self.saturday + 6 * hour - 1] {
      #expect(sample.due(sample.write, at: time) != nil, "\(what)")
    }
    #expect(sample.due(sample.write, at: Self.saturday + 6 * hour) == nil)
    sample.keystore.changeWindows = []
    #expect(sample.due(sample.write, at: start + hour) != nil, "it is the window that it waits for")
  }

  // MARK: What does not

  static let repairs: [(String, @Sendable (inout Sample) -> Void)] = [
    ("a first generation", { $0.state.current = nil }),
    ("damaged files", { $0.state.damage = "client.pse is empty" }),
    ("a server with another root", { $0.inventory.endpoints["cloud"] = .answering(path(leaf: 4, issuer: 5, root: 6)) }),
    (
      "a key that the platform no longer has",
      { sample in
        successor(&sample)
        sample.inventory.serviceKeys["sender"]?.keys = [
          PlatformKeyState(guid: "old", name: "old", owner: .ours, role: .deleted, leaf: fingerprint(50))
        ]
      }
    ),
    (
      "a key that was deleted before there was another",
      { sample in
        successor(&sample)
        let old = KnownKey(guid: nil, name: nil, owner: .ours, notBefore: start, notAfter: start + 100 * day)
        sample.inventory.serviceKeys["sender"]?.rotation = KeyRotation(predecessor: old, dueAt: start, now: start)
        sample.inventory.serviceKeys["sender"]?.rotation?.isPredecessorGone = true
      }
    ),
  ]

  @Test(arguments: repairs)
  func `what repairs does not wait`(what: String, change: @Sendable (inout Sample) -> Void) throws {
    var sample = try Self.sample()
    change(&sample)
    #expect(sample.due(sample.write, at: start + hour) != nil, "\(what)")
    guard case .write(let content, let reason) = sample.decision(at: start + hour) else {
      Issue.record("\(what) is not written")
      return
    }
    let trust = sample.trust(at: start + hour)
    #expect(
      WriteWindow.judge(sample.keystore, content, because: reason, trust, sample.inventory, at: start + hour) == .open,
      "and no window is ignored for it")
  }

  @Test func `damaged files are repaired while another identity waits`() throws {
    var sample = try Self.sample()
    Self.successor(&sample)
    sample.state.damage = "client.pse is empty"
    guard case .write(let content, .damaged) = sample.decision(at: start + hour) else {
      Issue.record("nothing is repaired")
      return
    }
    #expect(content == sample.state.current?.content)
    #expect(sample.decision(at: Self.saturday) != sample.decision(at: start + hour), "then both are done at once")
  }

  @Test func `in the last tenth of the identity in force a new one waits no longer`() throws {
    // Of twenty days the last two.
    var sample = try Self.sample(endsIn: 20)
    Self.successor(&sample, at: 14 * day)
    #expect(sample.due(sample.write, at: start + 14 * day) == nil)
    let plan = Planner.plan(sample.configuration, sample.inventory, now: start + 14 * day, foreseeing: true)
    #expect(plan.upcoming[sample.write] == start + 18 * day, "the window would open on the day after")
    #expect(sample.due(sample.write, at: start + 18 * day - 1) == nil)
    let due = try #require(sample.due(sample.write, at: start + 18 * day))
    #expect(due.urgency == .urgent)
    guard case .write(let content, let reason) = sample.decision(at: start + 18 * day) else {
      Issue.record("nothing is written")
      return
    }
    let trust = sample.trust(at: start + 18 * day)
    let judge = {
      WriteWindow.judge(sample.keystore, content, because: reason, trust, sample.inventory, at: $0)
    }
    #expect(judge(start + 18 * day) == .ignored(notAfter: start + 20 * day))
    #expect(judge(start + 21 * day) == .ignored(notAfter: start + 20 * day), "also past the end")
    #expect(judge(start + 19 * day + 22 * hour) == .open, "in the window nothing is ignored")
  }

  @Test func `what does not replace the identity waits even in its last tenth`() throws {
    var sample = try Self.sample(endsIn: 20)
    sample.keystore.files[0].mode = 0o600
    #expect(sample.due(sample.write, at: start + 18 * day) == nil)
    #expect(sample.due(sample.write, at: start + 19 * day + 22 * hour) != nil)
  }

  @Test func `a backoff that ends when the window is closed waits for the next one`() throws {
    var sample = try Self.sample()
    Self.successor(&sample)
    sample.keystore.changeWindows = [ChangeWindow(days: [.saturday], from: 1320, to: 1325)]
    let cadence = Planner.cadence(of: sample.write, in: sample.configuration, installation: 7)
    var schedule = Schedule.untouched
    for _ in 0..<5 { schedule = schedule.failed(at: Self.saturday, cadence: cadence, reason: "the disk is full") }
    sample.state.writing = schedule
    let plan = Planner.plan(sample.configuration, sample.inventory, now: Self.saturday + 1, foreseeing: true)
    #expect(plan.upcoming[sample.write] == Self.saturday + 7 * day)
  }

  // MARK: What is said

  @Test func `status and forecast say when the window opens, in its zone and in UTC`() throws {
    var sample = try Self.sample(zone: "Europe/Berlin")
    Self.successor(&sample)
    let opens = Self.saturday - 2 * hour
    let sentence = """
      the source holds another identity than the files; it waits for its window, which opens at 2026-06-06 22:00 \
      Europe/Berlin (2026-06-06 20:00:00Z)
      """
    let status = try #require(
      StatusReader.read(sample.configuration, sample.inventory, now: start + hour).subjects.last)
    #expect(status.state == .waiting && status.reason == sentence && status.nextAttempt == opens)
    #expect(status.nextStep == .write && status.window?.until == opens)
    let entries = Planner.forecast(sample.configuration, sample.inventory, now: start + hour, until: start + 30 * day)
    let write = try #require(entries.first { $0.what == .write })
    #expect(write.dueAt == opens && write.why == sentence)
    let open = try #require(StatusReader.read(sample.configuration, sample.inventory, now: opens).subjects.last)
    #expect(open.state == .due && open.window == nil)
  }

  @Test func `an identity that ends soon, and one whose last tenth comes first, say so`() throws {
    var sample = try Self.sample(endsIn: 20)
    Self.successor(&sample, at: 14 * day)
    let status = try #require(
      StatusReader.read(sample.configuration, sample.inventory, now: start + 14 * day).subjects.last)
    #expect(status.state == .expiring)
    #expect(
      status.reason.hasSuffix(
        """
        ; it waits for its window, which opens at 2026-06-20 22:00:00Z, but no longer than until the last tenth of its \
        identity, 2026-06-19 00:00:00Z
        """), "\(status.reason)")
  }

  // MARK: Rotation

  @Test func `a rotation waits for a keystore's window for a week: nothing fails, and the old key stays`() throws {
    var sample = try Self.sample()
    Self.successor(&sample)
    let until = try #require(WriteWindow.wait(of: sample.keystore, sample.inventory, now: start + hour)?.until)
    let state = KeyRotation.State.verified(
      KeyRotationTests.key,
      NewCertificate(
        serial: "01", notBefore: start, notAfter: start + 100 * day))
    let old = KnownKey(guid: "old", name: "cpi-1", owner: .ours, notBefore: start, notAfter: start + 30 * day)
    var rotation = KeyRotationTests.rotation(state, old)
    rotation.since = start
    let context = KeyRotationTests.context(keystores: ["client"])
    var now = start + hour
    var looks = 0
    while now < Self.saturday {
      switch rotation.next(context, now: now) {
      case .wait(let time, let reason):
        #expect(reason == "the keystores client wait for their change windows, the first until 2026-06-06 22:00:00Z")
        now = time
      case .act(let action):
        #expect(action == .deliver(guid: "new"))
        looks += 1
        let step = rotation.applying(.notDelivered(["client"], until: until), context, now: now)
        #expect(step.events.isEmpty && step.rotation.state == state)
        rotation = step.rotation
      case .finished:
        Issue.record("it is over before the keystore has the new key")
        return
      }
    }
    #expect(now == Self.saturday && looks == 6, "looked at once a day: \(looks)")
    let delivered = rotation.applying(.delivered, KeyRotationTests.context(), now: now).rotation
    guard case .delivered(_, _, let overlapEnds) = delivered.state else {
      Issue.record("it is \(delivered.phase)")
      return
    }
    #expect(overlapEnds == now + 2 * day, "the overlap begins with the delivery")
    #expect(
      delivered.next(context, now: overlapEnds)
        == .wait(until: overlapEnds + 600, reason: KeyRemoval.Refusal.stillUsed(["client"]).description))
  }
}
