// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Settings
import SystemPackage
import Testing

@testable import Planning

/// A key in force that somebody deleted on the platform: what is told of it, and what the status says.
struct LostKeyTests {
  private let name = "sender"

  private func configuration(
    overlap: Duration = .seconds(2 * 86_400), replace: KeyReplacement = .createFirst
  )
    -> Configuration
  {
    let source = ServiceManagerSource(
      binding: .file("/absent"), instance: "i",
      key: PlatformKeySettings(base: name, preset: .xsuaa, parameters: "{}"))
    let serviceKey = ServiceKeySettings(
      name: name, source: .serviceManager(source), replacement: replace, overlap: overlap)
    return Configuration(
      defaults: Defaults(refetchEvery: .seconds(86_400)), serviceKeys: [serviceKey],
      keystores: [KeystoreSettings(name: "client", identity: .serviceKey(name), files: [])])
  }

  private func inventory(_ leaf: IdentityState) -> Inventory {
    var source = SourceState(identity: leaf)
    source.keys = [
      PlatformKeyState(
        guid: "old", name: "sender-1", owner: .ours, role: .inForce, leaf: leaf.leaf, notBefore: leaf.notBefore,
        notAfter: leaf.notAfter)
    ]
    source.schedule = Schedule(lastAttempt: start, lastSuccess: start)
    let current = GenerationState(
      number: 1, content: GenerationContent(recipe: "", identityLeaf: leaf.leaf, trust: []), identity: leaf)
    return Inventory(
      installation: 1, serviceKeys: [name: source], keystores: ["client": KeystoreState(current: current)])
  }

  private func subjects(_ inventory: Inventory, at now: Date) -> [SubjectStatus] {
    StatusReader.read(configuration(), inventory, now: now).subjects
  }

  @Test(arguments: [false, true])
  func `a lost key is broken now, whatever its end says, until the files hold another`(byUs: Bool) throws {
    let old = identity(50, from: 0, to: 300 * day)
    var inventory = inventory(old)
    #expect(subjects(inventory, at: start + day).allSatisfy { ($0.breakage?.at ?? start) > start + day })
    var rotation = KeyRotation(
      predecessor: KnownKey(
        guid: "old", name: "sender-1", owner: .ours, notBefore: old.notBefore, notAfter: old.notAfter),
      dueAt: start, now: start)
    let context = KeyRotationContext(
      installation: "here", base: name, overlap: .seconds(day), verifyPatience: .seconds(60), deletesFirst: byUs,
      jitter: Jitter(installation: 1, name: name))
    let lostAt = start + day
    if byUs { rotation.state = .clearing(guid: "old", job: nil) }
    let after = rotation.applying(byUs ? .deleted : .listed([]), context, now: lostAt)
    #expect(
      after.events
        == (byUs ? [.deleted(guid: "old", stoppedWorking: true)] : [.lost(name: "sender-1", guid: "old")]))
    inventory.serviceKeys[name]?.rotation = try KeyRotationText.decode(KeyRotationText.encode(after.rotation))
    for subject in subjects(inventory, at: lostAt + 60) {
      #expect(subject.state == .expired && subject.breakage?.at == lostAt)
      let said = byUs ? "certrotd deleted the key sender-1 at " : "the platform no longer has the key sender-1"
      #expect(subject.reason.contains(said), "\(subject.reason)")
    }
    // The new one is the service key's already, and not yet in the files.
    let new = identity(51, from: 1, to: 300 * day)
    let key = NewKey(guid: "new", name: "sender-2", owner: .ours)
    let certificate = NewCertificate(serial: "2", notBefore: new.notBefore, notAfter: new.notAfter)
    inventory.serviceKeys[name]?.rotation?.state = .verified(key, certificate)
    inventory.serviceKeys[name]?.identity = new
    inventory.serviceKeys[name]?.keys[0].role = .deleted
    inventory.serviceKeys[name]?.keys.append(
      PlatformKeyState(guid: "new", name: "sender-2", owner: .ours, role: .inFlight, leaf: new.leaf))
    #expect(subjects(inventory, at: lostAt + 120).map(\.state) == [.renewing, .expired])
    #expect(inventory.serviceKeys[name]?.lost(old.leaf)?.since == lostAt)
    inventory.keystores["client"]?.current?.identity = new
    inventory.keystores["client"]?.current?.content.identityLeaf = new.leaf
    #expect(subjects(inventory, at: lostAt + 180).allSatisfy { $0.state != .expired })
  }

  @Test func `a key of another service instance is not lost`() {
    let old = identity(50, from: 0, to: 300 * day)
    var context = KeyRotationContext(
      installation: "here", base: name, overlap: .seconds(day), verifyPatience: .seconds(60),
      jitter: Jitter(installation: 1, name: name))
    context.isPredecessorElsewhere = true
    let rotation = KeyRotation(
      predecessor: KnownKey(guid: "old", name: nil, owner: .ours, notBefore: old.notBefore, notAfter: old.notAfter),
      dueAt: start, now: start)
    let after = rotation.applying(.listed([]), context, now: start)
    guard case .orphaned("old", let reason)? = after.events.first, after.events.count == 1 else {
      Issue.record("\(after.events)")
      return
    }
    #expect(reason.contains("delete it there once the new key is used") && after.rotation.isPredecessorGone)
    var inventory = inventory(old)
    inventory.serviceKeys[name]?.rotation = after.rotation
    #expect(subjects(inventory, at: start + 60).allSatisfy { $0.state != .expired })
  }

  @Test func `attempts to renew are attempts, and a look at the platform is no success of them`() {
    let old = identity(50, from: 0, to: 300 * day)
    var inventory = inventory(old)
    inventory.serviceKeys[name]?.renewals = Schedule(lastAttempt: start + 50, lastSuccess: start + 50)
    var status = subjects(inventory, at: start + 60)[0]
    #expect(status.lastAttempt == start + 50 && status.lastSuccess == start + 50)
    inventory.serviceKeys[name]?.schedule = Schedule(lastAttempt: start + 70, lastSuccess: start + 70)
    status = subjects(inventory, at: start + 80)[0]
    #expect(status.lastAttempt == start + 70 && status.lastSuccess == start + 70)
    inventory.serviceKeys[name]?.renewals = Schedule(
      lastAttempt: start + 75, lastSuccess: start + 50, failures: 2, reason: "no answer")
    status = subjects(inventory, at: start + 80)[0]
    #expect(status.lastAttempt == start + 75 && status.lastSuccess == start + 50)
  }

  @Test func `the platform is looked at several times within an overlap, however long the usual interval is`() {
    func interval(_ overlap: Duration, _ replace: KeyReplacement = .createFirst) -> Duration? {
      Planner.cadence(
        of: .tendServiceKey(name), in: configuration(overlap: overlap, replace: replace), installation: 1
      ).interval
    }
    #expect(interval(.seconds(8 * 3600)) == .seconds(2 * 3600))
    #expect(interval(.seconds(60)) == .seconds(600), "the platform counts calls")
    #expect(interval(.seconds(30 * 86_400)) == .seconds(86_400))
    #expect(interval(.seconds(8 * 3600), .deleteFirst) == .seconds(86_400), "nobody is followed")
  }
}
