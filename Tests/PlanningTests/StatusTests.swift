// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import SystemPackage
import Testing

@Suite struct StatusTests {
  private func state(_ sample: Sample, _ subject: Subject, at now: Date) throws -> SubjectStatus {
    try #require(
      StatusReader.read(sample.configuration, sample.inventory, now: now).subjects.first { $0.subject == subject })
  }

  private let endpoint = Subject.endpoint("cloud")
  private let key = Subject.serviceKey("sender")
  private let keystore = Subject.keystore("client")

  @Test func everythingIsWellAtFirst() throws {
    let status = StatusReader.read(Sample.complete().configuration, Sample.complete().inventory, now: start + hour)
    #expect(status.subjects.map(\.state) == [.ok, .ok, .ok])
    #expect(status.breaksNext?.breakage?.at == start + 365 * day)
    #expect(status.plan.due.isEmpty)
  }

  @Test func nothingIsKnownBeforeTheFirstAttempts() throws {
    let sample = Sample(identity: .serviceKey("sender"))
    let status = StatusReader.read(sample.configuration, sample.inventory, now: start)
    #expect(status.subjects.map(\.state) == [.waiting, .waiting, .waiting])
    #expect(status.breaksNext == nil)
    #expect(try state(sample, endpoint, at: start).nextAttempt == start)
  }

  @Test func endpointStates() throws {
    var sample = Sample.complete()
    #expect(try state(sample, endpoint, at: start + day).state == .due)
    #expect(try state(sample, endpoint, at: start + 340 * day).state == .expiring)
    #expect(try state(sample, endpoint, at: start + 366 * day).state == .expired)
    sample.inventory.endpoints["cloud"]?.currentlyFailing = "connection refused"
    let failing = try state(sample, endpoint, at: start + day)
    #expect(failing.state == .failing && failing.reason == "connection refused")
  }

  @Test func aServiceKeyComesNextWhenItIsDue() throws {
    var sample = Sample.complete()
    // Its file has just been due to be read again.
    let next = try state(sample, key, at: start + 7 * hour).nextAttempt
    #expect(
      next
        == RenewalPoint.due(
          notBefore: start, notAfter: start + 365 * day, renewBefore: sample.configuration.serviceKeys[0].renewBefore))
    sample.inventory.serviceKeys["sender"]?.schedule.failures = 1
    #expect(try state(sample, key, at: start + 7 * hour).nextAttempt == start + 7 * hour)
  }

  @Test func serviceKeyStates() throws {
    var sample = Sample.complete()
    #expect(try state(sample, key, at: start + 250 * day).state == .due)
    #expect(try state(sample, key, at: start + 340 * day).state == .expiring)
    #expect(try state(sample, key, at: start + 365 * day).state == .expired)
    sample.inventory.serviceKeys["sender"]?.schedule.failures = 1
    sample.inventory.serviceKeys["sender"]?.schedule.reason = "sender.json: line 3: unexpected comma"
    #expect(try state(sample, key, at: start).reason == "sender.json: line 3: unexpected comma")
  }

  @Test func keystoreStates() throws {
    var sample = Sample.complete()
    sample.inventory.underWay = [sample.write]
    #expect(try state(sample, keystore, at: start).state == .renewing)
    sample.inventory.underWay = []
    #expect(try state(sample, keystore, at: start + 365 * day).state == .expired)
    #expect(try state(sample, keystore, at: start + 340 * day).state == .expiring)
    sample.state.damage = "client.pse is missing"
    #expect(try state(sample, keystore, at: start).state == .failing)
    sample.state.damage = nil
    sample.state.gaps = ["cloud": "a consumer would not trust it"]
    let gap = try state(sample, keystore, at: start)
    #expect(gap.state == .failing && gap.reason == "a consumer would not trust it")
    sample.state.gaps["api"] = "nor this"
    #expect(try state(sample, keystore, at: start).reason == "nor this; also: a consumer would not trust it")
    sample.state.damage = "client.pse is missing"
    #expect(
      try state(sample, keystore, at: start).reason == "client.pse is missing; also: nor this (and 1 more)")
    sample.state.damage = nil
    sample.state.gaps = [:]
    sample.keystore.trust.endpoints.append("other")
    let incomplete = try state(sample, keystore, at: start)
    #expect(incomplete.state == .incomplete && incomplete.missing == ["other"])
    sample.keystore.files[0].mode = 0o600
    #expect(try state(sample, keystore, at: start).state == .due)
    sample.state.writing = Schedule(lastAttempt: start, failures: 2, nextAttempt: start + 120, reason: "disk full")
    let failing = try state(sample, keystore, at: start + 1)
    #expect(failing.state == .failing && failing.reason == "disk full" && failing.nextAttempt == start + 120)
  }

  @Test func anEndpointWithNewSettingsWaitsForItsFirstFetch() throws {
    var sample = Sample.complete()
    sample.inventory.endpoints["cloud"]?.attempted = false
    let waiting = try state(sample, endpoint, at: start)
    #expect(waiting.state == .waiting && waiting.reason == "it waits for its first fetch under the new settings")
  }

  @Test func aRejectedServiceKeyFails() throws {
    var sample = Sample.complete()
    sample.inventory.serviceKeys["sender"]?.rejected = "there is no certificate"
    let failing = try state(sample, key, at: start)
    #expect(failing.state == .failing)
    #expect(failing.reason == "the file was last rejected at 2026-06-01 00:00:00Z: there is no certificate")
    #expect(failing.nextStep == .replaceIdentity && failing.nextAttempt == start, "somebody has to")
    // One that may yet be good is told in the same words.
    sample.inventory.serviceKeys["sender"]?.schedule = Schedule(
      lastAttempt: start, failures: 1, nextAttempt: start + 60, reason: "there is no certificate")
    let again = try state(sample, key, at: start)
    #expect(again.reason == failing.reason && again.nextStep == .readFiles && again.nextAttempt == start + 60)
  }

  @Test func aKeystoreEndsWithTheKeyThatItHolds() throws {
    var sample = Sample.complete()
    sample.configuration.serviceKeys[0].alertBefore = [.seconds(60 * 86_400)]
    sample.keystore.alertBefore = [.seconds(7 * 86_400)]
    for subject in [key, keystore] {
      #expect(try state(sample, subject, at: start + 310 * day).state == .expiring, "\(subject)")
    }
  }

  @Test func whatIsHeldBackSaysThatItEndsLater() throws {
    var sample = Sample.complete()
    sample.inventory.serviceKeys["sender"]?.identity = identity(51, from: 10 * day, to: 375 * day)
    guard case .write(let content, _) = sample.decision(at: start + 10 * day) else {
      Issue.record("another identity is wanted")
      return
    }
    (sample.state.heldContent, sample.state.rolledBackTo) = (content, 1)
    let held = try state(sample, keystore, at: start + 10 * day)
    #expect(held.state == .held && held.reason.contains("it was rolled back to generation 1"))
    #expect(held.reason.contains("ends later, at 2027-06-11"), "\(held.reason)")
    let expiring = try state(sample, keystore, at: start + 345 * day)
    #expect(expiring.state == .expiring && expiring.reason.contains("it was rolled back to generation 1"))
  }

  @Test func aFailingHookFailsItsKeystore() throws {
    var sample = Sample.complete()
    var hook = HookState(id: 1, keystore: "client", generation: 4)
    sample.inventory.hooks = [hook]
    #expect(try state(sample, keystore, at: start).state == .ok, "it has not run yet")
    hook.schedule = Schedule(lastAttempt: start, failures: 1, reason: "it ended with 3")
    sample.inventory.hooks = [hook]
    let failing = try state(sample, keystore, at: start)
    #expect(failing.state == .failing && failing.reason == "a hook of generation 4 fails: it ended with 3")
    sample.inventory.hooks[0].isLogin = true
    #expect(
      try state(sample, keystore, at: start).reason
        == "the credentials (seclogin) for generation 4 could not be written, and its hooks wait: it ended with 3")
  }

  @Test func aHookThatWaitsForItsRetryComesNext() throws {
    var sample = Sample.complete()
    let schedule = Schedule(lastAttempt: start, failures: 1, nextAttempt: start + 60, reason: "it ended with 3")
    sample.inventory.hooks = [HookState(id: 1, keystore: "client", generation: 4, attempts: 1, schedule: schedule)]
    let waiting = try state(sample, keystore, at: start + 1)
    #expect(waiting.nextAttempt == start + 60 && waiting.nextStep == .runHook && waiting.lastAttempt == start)
    let due = try state(sample, keystore, at: start + 61)
    #expect(due.nextAttempt == start + 61 && due.nextStep == .runHook)
  }

  @Test func whatComesNextHasAName() throws {
    var sample = Sample.complete()
    #expect(try state(sample, endpoint, at: start + hour).nextStep == .refetch)
    #expect(try state(sample, key, at: start + hour).nextStep == .replaceIdentity)
    #expect(try state(sample, keystore, at: start + hour).nextStep == nil, "all is well for good")
    let status = { StatusReader.read(sample.configuration, sample.inventory, now: start + hour) }
    #expect(status().happensNext?.subject == key, "a refetch is every day's, a new service key is not")
    sample.inventory.endpoints["cloud"]?.currentlyFailing = "refused"
    #expect(status().happensNext?.subject == endpoint, "a refetch that may bring it back")
    sample.inventory.serviceKeys["sender"]?.unproven = "the platform answered 401"
    sample.inventory.serviceKeys["sender"]?.schedule.nextAttempt = start + hour + 1
    #expect(status().happensNext?.subject == key, "a new key that is tried again")
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 2, root: 13))
    sample.remember(at: start)
    sample.deliver(at: start, number: 2)
    let dropping = try state(sample, keystore, at: start + hour)
    #expect(dropping.nextStep == .dropTrust && dropping.nextAttempt == start + 30 * day)
    sample.keystore.files[0].mode = 0o600
    let writing = try state(sample, keystore, at: start + hour)
    #expect(writing.nextStep == .write && writing.nextAttempt == start + hour)
  }

  @Test func filesOfAnIdentityComeNextWhenTheyAreToBeReplaced() throws {
    let source = IdentitySource.pem(PEMIdentityFiles(certificate: "/c.pem", key: "/k.pem", passphrase: nil))
    var sample = Sample(identity: source)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.state.identity = identity(50, from: 0, to: 300 * day, recipe: source.recipe)
    sample.state.identitySchedule = Schedule(lastAttempt: start, lastSuccess: start, nextAttempt: start + 6 * hour)
    sample.deliver(at: start)
    let due = RenewalPoint.due(
      notBefore: start, notAfter: start + 300 * day, renewBefore: sample.keystore.renewBefore)
    let next = try state(sample, keystore, at: start + 7 * hour)
    #expect(next.nextStep == .replaceIdentity && next.nextAttempt == due, "that they are looked at is no news")
    sample.state.identitySchedule = Schedule(lastAttempt: start, failures: 1, nextAttempt: start + 60, reason: "no key")
    let retry = try state(sample, keystore, at: start + 1)
    #expect(retry.nextStep == .readFiles && retry.nextAttempt == start + 60)
  }

  @Test func whatLeavesTheTrustListBreaksNothing() throws {
    var sample = Sample()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.deliver(at: start)
    #expect(try state(sample, keystore, at: start).breakage?.what == "the trusted certificate CN=Certificate 2")
    // The server moves on from an issuer that ends in sixty days.
    var old = path(leaf: 4, issuer: 5, root: 3)
    old.issuers = [certificate(5, to: 60 * day)]
    sample.inventory.endpoints["cloud"] = .answering(old)
    sample.deliver(at: start + hour, number: 2)
    #expect(try state(sample, keystore, at: start + hour).breakage?.at == start + 60 * day)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.remember(at: start + 2 * hour)
    let after = try state(sample, keystore, at: start + 2 * hour)
    #expect(after.nextStep == .dropTrust)
    #expect(after.breakage?.at == start + 3650 * day, "it leaves the list before")
  }

  @Test func aPasswordThatCannotBeUsedFailsItsKeystore() throws {
    var sample = Sample.complete()
    sample.state.passwordFault = "the credential /p is empty"
    let failing = try state(sample, keystore, at: start)
    #expect(failing.state == .failing && failing.reason == "the credential /p is empty")
  }

  @Test func aRenewalAheadComesNext() throws {
    var sample = Sample(identity: Sample.selfSigned)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.state.identity = identity(50, from: 0, to: 300 * day, recipe: Sample.selfSigned.recipe)
    sample.deliver(at: start)
    let ahead = try state(sample, keystore, at: start + day)
    #expect(ahead.nextStep == .renewIdentity && ahead.nextAttempt.map { $0 > start + 190 * day } == true)
  }

  @Test func theLatestFailureComesFirst() {
    var sample = Sample(endpoints: ["a", "b", "c"])
    for (name, time) in [("a", 1.0), ("b", 3.0), ("c", 2.0)] {
      sample.inventory.endpoints[name] = .answering(nil, lastAttempt: start + time, failing: "refused")
    }
    let status = StatusReader.read(sample.configuration, sample.inventory, now: start + hour)
    #expect(status.failing.map(\.subject.name) == ["b", "c", "a"])
  }

  @Test func aRollbackIsHeld() throws {
    var sample = Sample.complete()
    sample.state.heldContent = GenerationContent(
      recipe: sample.keystore.filesRecipe, identityLeaf: fingerprint(50), trust: [fingerprint(2), fingerprint(3)])
    sample.state.current?.content.trust = []
    sample.state.rolledBackTo = 4
    let held = try state(sample, keystore, at: start)
    #expect(held.state == .held && held.reason.contains("generation 4"))
  }

  @Test func aSelfSignedRenewalIsDue() throws {
    var sample = Sample(identity: Sample.selfSigned)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.state.identity = identity(50, from: 0, to: 300 * day, recipe: Sample.selfSigned.recipe)
    sample.deliver(at: start)
    #expect(try state(sample, keystore, at: start + day).state == .ok)
    #expect(try state(sample, keystore, at: start + 210 * day).state == .due)
  }

  @Test func theForecastListsWhatComes() {
    var sample = Sample.complete()
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 2, root: 13))
    sample.remember(at: start)
    sample.deliver(at: start, number: 2)
    let entries = Planner.forecast(sample.configuration, sample.inventory, now: start, until: start + 400 * day)
    #expect(entries.map(\.what) == [.refetch, .readFiles, .dropTrust, .replaceIdentity, .serverRenewal])
    #expect(entries.prefix(2).allSatisfy { $0.why == "refetch-every 6 h is over then" }, "\(entries.prefix(2))")
    #expect(entries.map(\.dueAt) == entries.map(\.dueAt).sorted())
    #expect(entries[2].dueAt == start + 30 * day)
    #expect(entries[3].lapsesAt == start + 365 * day)
    #expect(Planner.forecast(sample.configuration, sample.inventory, now: start, until: start + day).count == 2)
  }

  /// A service key on the platform with a key in force, one that rests, and a login by certificate.
  private func onPlatform(_ rotation: KeyRotation?) -> (Configuration, Inventory) {
    let source = ServiceManagerSource(
      binding: .systemd(name: "sm"), instance: "cpi",
      key: PlatformKeySettings(base: "cpi", preset: .xsuaa, parameters: "{}"))
    let keys = ["sender", "other"].map { ServiceKeySettings(name: $0, source: .serviceManager(source)) }
    var state = SourceState(
      schedule: Schedule(lastAttempt: start, lastSuccess: start), identity: identity(1, from: -10 * day, to: 20 * day),
      rotation: rotation,
      keys: [
        PlatformKeyState(guid: "g2", name: "cpi-2", owner: .ours, role: .inForce, notAfter: start + 20 * day),
        PlatformKeyState(
          guid: "g1", name: "cpi-1", owner: .ours, role: .retiring, notAfter: start + 5 * day,
          overlapEnds: start + 2 * day),
        PlatformKeyState(guid: "g0", name: "cpi-0", owner: .ours, role: .deleted, overlapEnds: start - day),
      ], login: certificate(7, to: 60 * day))
    let sender = state
    (state.rotation, state.keys) = (nil, [])
    var inventory = Inventory(installation: 1)
    inventory.serviceKeys = ["sender": sender, "other": state]
    return (Configuration(serviceKeys: keys), inventory)
  }

  @Test func `the forecast tells of keys on the platform and of the login`() throws {
    let (configuration, inventory) = onPlatform(nil)
    let entries = Planner.forecast(configuration, inventory, now: start, until: start + 365 * day)
    #expect(
      entries.map { "\($0.subject) \($0.what.rawValue)" } == [
        "service key sender delete-key", "service key other renew-identity", "service key sender renew-identity",
        "service key sender replace-login",
      ])
    #expect(entries[0].dueAt == start + 2 * day && entries[0].why.contains("the key cpi-1 is over"))
    #expect(entries[3].lapsesAt == start + 60 * day && entries[3].why.contains("CN=Certificate 7"))
  }

  @Test func `the forecast tells how far a renewal is, and what it waits for`() throws {
    var rotation = KeyRotation(predecessor: nil, dueAt: start, now: start)
    let (configuration, begun) = onPlatform(rotation)
    func why(_ inventory: Inventory) -> ForecastEntry? {
      Planner.forecast(configuration, inventory, now: start, until: start + day).first { $0.what == .renewIdentity }
    }
    #expect(why(begun)?.why == "a new key is made on the platform; so far: due")
    #expect(why(begun)?.dueAt == start && why(begun)?.lapsesAt == start + 20 * day)
    let context = KeyRotationContext(
      installation: "a", base: "cpi", overlap: .seconds(3600), verifyPatience: .seconds(900),
      jitter: Jitter(installation: 1, name: "sender"))
    let failure = KeyFailure("robot is not accepted", culprit: "configuration", restsFor: .seconds(43_200))
    rotation = rotation.applying(.failed(failure), context, now: start).rotation
    let failing = try #require(why(onPlatform(rotation).1))
    #expect(failing.dueAt == start + 43_200)
    #expect(
      failing.why == "a new key is made on the platform; so far: due; robot is not accepted; the login is not tried "
        + "again before it changes, or before 2026-06-01 12:00:00Z")
    let text = try KeyRotationText.encode(rotation)
    #expect(try KeyRotationText.decode(text) == rotation)
    // As an earlier version wrote it.
    #expect(try KeyRotationText.decode(text.replacing(/,"restsUntil":[0-9.]+/, with: "")).nextAttempt != start + 43_200)
  }

  @Test func theForecastFollowsSelfSignedIdentities() {
    let sample = Sample(identity: Sample.selfSigned)
    let entries = Planner.forecast(sample.configuration, sample.inventory, now: start, until: start + 210 * day)
    // A hundred days of life, renewed after two thirds of it.
    let days = entries.filter { $0.what == .renewIdentity }.map { Int($0.dueAt.timeIntervalSince(start) / day + 0.5) }
    #expect(days == [0, 67, 134, 201])
  }

  @Test(arguments: [
    (0.0, "0 s"), (59.0, "59 s"), (60.0, "1 min"), (3725.0, "1 h 2 min"), (3600.0, "1 h"), (90_000.0, "1 d 1 h"),
    (86_400.0 * 30, "30 d"), (-61.0, "1 min 1 s"), (86_460.0, "1 d"),
  ])
  func spans(seconds: TimeInterval, text: String) {
    #expect(TimeText.span(seconds) == text)
  }

  @Test func spansOfAnyDatesAreText() {
    #expect(TimeText.span(Date.distantFuture.timeIntervalSince(.distantPast)).hasSuffix("d") == true)
    #expect(TimeText.instant(start) == "2026-06-01 00:00:00Z")
  }

  @Test func `what renews itself on the platform is not ending before its renewal is due`() throws {
    var sample = Sample(identity: .serviceKey("sender"))
    let made = PlatformKeySettings(base: "sender", preset: .xsuaa, parameters: "{}")
    sample.configuration.serviceKeys = [
      ServiceKeySettings(
        name: "sender", source: .serviceManager(ServiceManagerSource(binding: .file("/b"), instance: "i", key: made)))
    ]
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.inventory.serviceKeys["sender"]?.identity = identity(50, from: -hour, to: 30 * day)
    sample.deliver(at: start)
    for subject in [Subject.serviceKey("sender"), .keystore("client")] {
      #expect(try state(sample, subject, at: start + hour).state == .ok, "\(subject)")
      #expect(try state(sample, subject, at: start + 24 * day).state == .expiring, "\(subject)")
    }
    #expect(try state(sample, key, at: start + hour).nextStep == .renewIdentity)
    sample.inventory.serviceKeys["sender"]?.schedule = Schedule(
      lastAttempt: start, failures: 1, nextAttempt: start + 2 * hour, reason: "no answer")
    let failing = try state(sample, key, at: start + hour)
    #expect(failing.state == .failing && failing.nextStep == .surveyKeys, "the key itself is not due")
  }
}
