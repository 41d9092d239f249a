// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Settings
import Testing

@testable import Planning

/// What an operator is told that comes next for a key on the platform, and why not earlier.
struct KeyProspectTests {
  private static let source = ServiceManagerSource(
    binding: .systemd(name: "sm"), instance: "cpi",
    key: PlatformKeySettings(base: "cpi", preset: .xsuaa, parameters: "{}"))
  private static let context = KeyRotationContext(
    installation: "a", base: "cpi", overlap: .seconds(3600), verifyPatience: .seconds(900),
    jitter: Jitter(installation: 1, name: "sender"))

  /// A key in force that ends in twenty days, one before it that rests for two, and a keystore that holds `leaf`.
  private struct Scene {
    var state = SourceState(
      schedule: Schedule(lastAttempt: start, lastSuccess: start),
      identity: identity(2, from: -10 * day, to: 20 * day),
      keys: [
        PlatformKeyState(
          guid: "g2", name: "cpi-2", owner: .ours, role: .inForce, leaf: fingerprint(2), notAfter: start + 20 * day),
        PlatformKeyState(
          guid: "g1", name: "cpi-1", owner: .ours, role: .retiring, leaf: fingerprint(1), notAfter: start + 5 * day,
          overlapEnds: start + 2 * day),
      ])
    var leaf = 2

    var configuration: Configuration {
      Configuration(
        serviceKeys: [ServiceKeySettings(name: "sender", source: .serviceManager(KeyProspectTests.source))],
        keystores: [KeystoreSettings(name: "client", identity: .serviceKey("sender"), files: [])])
    }

    var inventory: Inventory {
      var inventory = Inventory(installation: 1)
      inventory.serviceKeys["sender"] = state
      inventory.keystores["client"] = KeystoreState(
        current: GenerationState(
          number: 1, content: GenerationContent(recipe: "", identityLeaf: fingerprint(leaf), trust: []),
          identity: identity(leaf, from: -10 * day, to: 20 * day)))
      return inventory
    }

    func status(_ now: Date = start) -> Status { StatusReader.read(configuration, inventory, now: now) }

    func key(_ now: Date = start) throws -> SubjectStatus {
      try #require(status(now).subjects.first { $0.subject == .serviceKey("sender") })
    }

    func why(_ what: ForecastEntry.What) -> ForecastEntry? {
      Planner.forecast(configuration, inventory, now: start, until: start + 30 * day).first {
        $0.what == what && $0.subject == .serviceKey("sender")
      }
    }
  }

  @Test func `the deletion of an old key comes next, unless a keystore holds it`() throws {
    var scene = Scene()
    let key = try scene.key()
    #expect(key.state == .ok && key.nextStep == .deleteKey && key.nextAttempt == start + 2 * day)
    scene.leaf = 1
    let held = try scene.key()
    #expect(held.nextStep == .renewIdentity && held.nextAttempt.map { $0 > start + 10 * day } == true)
    #expect(scene.why(.deleteKey)?.why.contains("but the keystores client still hold it") == true)
  }

  @Test func `a look at the keys that failed is repeated next, and status says when`() throws {
    var scene = Scene()
    scene.state.schedule = Schedule(
      lastAttempt: start, lastSuccess: start - day, failures: 1, nextAttempt: start + 60, reason: "no answer")
    let key = try scene.key(start + 10)
    #expect(key.state == .failing && key.nextStep == .surveyKeys && key.nextAttempt == start + 60, "\(key)")
    #expect(scene.status(start + 10).happensNext?.subject == .serviceKey("sender"))
    scene.state.keys[1].overlapEnds = start + 30
    let deletion = try #require(scene.why(.deleteKey))
    #expect(deletion.dueAt == start + 60 && deletion.why.contains("the last look at the keys on the platform failed"))
  }

  @Test func `a renewal that fails, and a deletion that does, are what happens next`() throws {
    var scene = Scene()
    var rotation = KeyRotation(predecessor: nil, dueAt: start, now: start)
    rotation =
      rotation.applying(.failed(KeyFailure("no answer", culprit: "network")), Self.context, now: start).rotation
    scene.state.rotation = rotation
    let renewal = try scene.key()
    #expect(renewal.state == .failing && renewal.nextStep == .renewIdentity)
    #expect(renewal.nextAttempt == rotation.nextAttempt && renewal.nextAttempt != nil)
    #expect(scene.status().happensNext?.nextStep == .renewIdentity)

    scene.state.keys[1].overlapEnds = start - hour
    let new = NewKey(guid: "g2", name: "cpi-2", owner: .ours)
    let certificate = NewCertificate(serial: "1", notBefore: start - day, notAfter: start + 20 * day)
    rotation = KeyRotation(
      predecessor: KnownKey(
        guid: "g1", name: "cpi-1", owner: .ours, notBefore: start - 20 * day, notAfter: start + 5 * day),
      dueAt: start, now: start)
    rotation.state = .deleting(new, certificate, job: nil)
    rotation =
      rotation.applying(.failed(KeyFailure("no answer", culprit: "network")), Self.context, now: start).rotation
    scene.state.rotation = rotation
    let deletion = try scene.key()
    #expect(deletion.state == .failing && deletion.nextStep == .deleteKey)
    #expect(deletion.nextAttempt == rotation.nextAttempt)
    #expect(scene.why(.deleteKey)?.why.contains("it pauses after a failed attempt: no answer") == true)
  }

  @Test func `the forecast says why a renewal goes on no earlier`() throws {
    var scene = Scene()
    var rotation = KeyRotation(predecessor: nil, dueAt: start, now: start)
    func why(_ failure: KeyFailure, times: Int = 1) -> String {
      var failing = rotation
      for _ in 0..<times { failing = failing.applying(.failed(failure), Self.context, now: start).rotation }
      scene.state.rotation = failing
      return scene.why(.renewIdentity)?.why ?? ""
    }
    #expect(
      why(KeyFailure("no answer", culprit: "network"), times: 3).hasSuffix(
        "; it pauses after 3 failed attempts in a row: no answer"))
    #expect(
      why(KeyFailure("busy", culprit: "platform", retryAfter: .seconds(7200))).hasSuffix(
        "; the platform asks to be left alone for that long: busy"))
    rotation.attempts = 7
    rotation.state = .following(name: "cpi-7", job: "j", guid: nil)
    scene.state.rotation =
      rotation.applying(.jobFailed(guid: "x", words: "no"), Self.context, now: start).rotation
    #expect(scene.why(.renewIdentity)?.why.contains("7 keys in a row were of no use") == true)
    rotation.state = .examined(
      NewKey(guid: "x", name: "x", owner: .ours), NewCertificate(serial: "1", notBefore: start, notAfter: start + day))
    rotation.since = start
    scene.state.rotation = rotation.applying(.refused(words: "401"), Self.context, now: start).rotation
    #expect(
      scene.why(.renewIdentity)?.why.contains("as is tried until \(TimeText.instant(start + 900)): 401") == true)
    scene.state.rotation = nil
    scene.state.identity?.acceptedAt = start
    scene.state.identity?.notAfter = start + day
    #expect(
      scene.why(.renewIdentity)?.why.contains("the key was taken over only at \(TimeText.instant(start))") == true)
  }

  @Test func `attempts in which nothing was sent are not counted as tries`() {
    var rotation = KeyRotation(predecessor: nil, dueAt: start, now: start)
    var now = start
    var told: [KeyRotation.Standing.Failure] = []
    for attempt in 1...5 {
      let failure = KeyFailure("refused", culprit: "configuration", wasHeldBack: attempt > 1)
      let after = rotation.applying(.failed(failure), Self.context, now: now)
      rotation = after.rotation
      for case .failing(let failure) in after.events { told.append(failure) }
      now += 600
    }
    #expect(told.map(\.attempts) == [3] && told.map(\.tries) == [1])
    guard case .failed(let failure) = rotation.standing else {
      Issue.record("not failed")
      return
    }
    #expect(failure.attempts == 5 && failure.tries == 1, "it pauses as ever")
  }

  // MARK: Found keys

  @Test func `a key of ours that the ledger did not know is taken over, and was not made`() throws {
    let rotation = KeyRotation(predecessor: nil, dueAt: start, now: start)
    let key = ListedKey(
      guid: "g", name: "cpi-1", state: .ready, createdAt: start - day, installation: "a", base: "cpi")
    let certificate = NewCertificate(serial: "1", notBefore: start - day, notAfter: start + 20 * day)
    func life(_ outcomes: [KeyOutcome]) -> (KeyRotation, [KeyRotationEvent]) {
      var rotation = rotation
      var events: [KeyRotationEvent] = []
      for outcome in outcomes {
        guard case .act(let action) = rotation.next(Self.context, now: start) else { break }
        let after = rotation.intending(action, now: start).applying(outcome, Self.context, now: start)
        rotation = after.rotation
        events += after.events
      }
      return (rotation, events)
    }
    let taken = life([.listed([key]), .credentialsHeld, .examined(certificate), .verified])
    #expect(taken.1 == [.adopted(name: "cpi-1", guid: "g", isShared: false), .verified(name: "cpi-1")])
    let restored = try KeyRotationText.decode(KeyRotationText.encode(taken.0))
    #expect(restored == taken.0)
    let refused = life([.listed([key]), .credentialsHeld, .defective(words: "it has ended")])
    #expect(refused.0.state == .due && refused.0.isKeyFound == nil)
    #expect(
      refused.1 == [
        .refused(name: "cpi-1", words: "it has ended"),
        .orphaned(guid: "g", reason: "the new key is of no use: it has ended"),
      ])
  }

  // MARK: Windows

  /// A service that allows one key at a time, and keystores that hold it; `start` is a Monday.
  private func wait(_ windows: [[ChangeWindow]], endsIn days: Double = 100) -> WindowWait? {
    var configuration = Configuration()
    var inventory = Inventory(installation: 1)
    let held = identity(2, from: 0, to: days * day)
    for (index, window) in windows.enumerated() {
      var keystore = KeystoreSettings(name: "k\(index)", identity: .serviceKey("sender"), files: [])
      keystore.changeWindows = window
      configuration.keystores.append(keystore)
      inventory.keystores[keystore.name] = KeystoreState(
        current: GenerationState(
          number: 1, content: GenerationContent(recipe: "", identityLeaf: held.leaf, trust: []), identity: held))
    }
    return DeletionWindow.wait(SourceState(identity: held), configuration, inventory, now: start)
  }

  private func window(_ days: Set<ChangeWindow.Day>, _ from: Int, _ to: Int) -> ChangeWindow {
    ChangeWindow(days: days, from: from * 60, to: to * 60, zone: .utc)
  }

  @Test func `a key in force is deleted first when all its keystores may change`() {
    #expect(wait([]) == nil && wait([[]]) == nil)
    #expect(wait([[window([.monday], 0, 4)]]) == nil, "it is open")
    #expect(wait([[window([.saturday], 22, 4)]])?.until == start + 5 * day + 22 * hour)
    let both = wait([[window([.saturday], 22, 4)], [window([.sunday], 2, 6)], []])
    #expect(both?.until == start + 6 * day + 2 * hour)
    #expect(
      both?.sentence == "it waits for the window of the keystore k1, which opens at 2026-06-07 02:00:00Z")
    let never = wait([[window([.saturday], 22, 23)], [window([.sunday], 2, 6)]])
    #expect(never?.until == start + 90 * day)
    #expect(never?.sentence.hasSuffix("since the windows of its keystores are not open at one time") == true)
    let late = wait([[window([.saturday], 22, 4)]], endsIn: 5)
    #expect(late?.until == start + 4 * day && late?.sentence.contains("the last tenth of its lifetime") == true)
  }

  @Test func `a rotation that deletes first waits for the window, and no longer than that is there`() throws {
    let old = KnownKey(guid: "old", name: "cpi-1", owner: .ours, notBefore: start, notAfter: start + 30 * day)
    var context = Self.context
    context.deletesFirst = true
    context.deletionWindow = WindowWait(until: start + 3 * day, sentence: "it waits for a window")
    let listed = KeyOutcome.listed([
      ListedKey(guid: "old", name: "cpi-1", state: .ready, createdAt: start, installation: "a", base: "cpi")
    ])
    let rotation = KeyRotation(predecessor: old, dueAt: start, now: start)
    let waiting = rotation.applying(listed, context, now: start)
    #expect(waiting.rotation.state == .due && waiting.rotation.awaitsWindow == true && waiting.events.isEmpty)
    #expect(waiting.rotation.waitsUntil == start + day, "it is looked at once a day")
    context.deletionWindow = nil
    #expect(
      waiting.rotation.applying(listed, context, now: start + day).rotation.state == .clearing(guid: "old", job: nil))

    // Without its windows it goes on at once.
    var scene = Scene()
    scene.state.rotation = waiting.rotation
    var configuration = scene.configuration
    configuration.serviceKeys[0].replacement = .deleteFirst
    configuration.keystores[0].changeWindows = [window([.saturday], 22, 4)]
    func decision() -> PlatformKeyPlanner.Decision {
      PlatformKeyPlanner.decide(configuration.serviceKeys[0], configuration, scene.inventory, now: start + hour)
    }
    guard case .wait = decision() else {
      Issue.record("\(decision())")
      return
    }
    let entry = Planner.forecast(configuration, scene.inventory, now: start + hour, until: start + 30 * day).first {
      $0.what == .renewIdentity
    }
    #expect(entry?.dueAt == start + 5 * day + 22 * hour, "not when it is looked at next: \(String(describing: entry))")
    configuration.keystores[0].changeWindows = []
    #expect(decision() == .act(.look))
  }
}
