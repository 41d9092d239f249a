// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings
import SystemPackage
import Testing

@testable import Planning

/// Which key of another installation is followed, and which is not.
struct PeerRenewalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var title: String
    var keys: [ListedKey] = [PeerRenewalTests.inForce, PeerRenewalTests.newer]
    var follows: String?
    var owner = KeyOwner.foreign
    var adopted: String?
    var replacement = KeyReplacement.createFirst
    var request: String?
    var rotation: KeyRotation?
    var known: PlatformKeyState.Role?
    var testDescription: String { title }
  }

  typealias Base = KeyRotationTests
  static let inForce = Base.listed("old", "cpi-1", age: 20 * Base.day)
  static let newer = Base.listed("new", "cpi-2", age: 3600)

  static func resting(_ state: KeyRotation.State) -> KeyRotation { Base.rotation(state) }

  static let cases: [Case] = [
    Case(title: "a peer's newer key", follows: "new"),
    Case(title: "also where the key in force is ours", follows: "new", owner: .ours),
    Case(
      title: "the newest of several",
      keys: [inForce, newer, Base.listed("newest", age: 60), Base.listed("n", age: 90)],
      follows: "newest"),
    Case(title: "our own newer key is no peer's", keys: [inForce, Base.listed("new", by: "here")]),
    Case(title: "a stranger's key", keys: [inForce, Base.listed("new", by: nil)]),
    Case(title: "a key of another service key", keys: [inForce, Base.listed("new", base: "b")]),
    Case(title: "a key that is not complete", keys: [inForce, Base.listed("new", "cpi-2", .creating)]),
    Case(title: "an older key", keys: [inForce, Base.listed("new", age: 21 * Base.day)]),
    Case(
      title: "one of the same second, so that two do not take turns",
      keys: [inForce, Base.listed("new", age: 20 * Base.day)]),
    Case(title: "the key in force is not listed: that has its own way", keys: [newer]),
    Case(title: "one that was given up", known: .givenUp),
    Case(title: "one that was in force", known: .retiring),
    Case(title: "a key that an operator put in force stays", owner: .named),
    Case(
      title: "one that the configuration names is for the beginning only", follows: "new", owner: .named,
      adopted: "cpi-1"),
    Case(title: "delete-first has its own way", replacement: .deleteFirst),
    Case(title: "a new key is asked for already", request: "now"),
    Case(title: "a renewal is under way", rotation: resting(.reserved(name: "n"))),
    Case(
      title: "the renewal before only waits for the overlap to end", follows: "new",
      rotation: resting(.delivered(Base.key, Base.certificate, overlapEnds: Base.now))),
  ]

  @Test(arguments: cases)
  func `a key that another installation made is followed when it is newer`(example: Case) throws {
    let source = ServiceManagerSource(
      binding: .file("/absent"), instance: "i",
      key: PlatformKeySettings(base: "cpi", adopted: example.adopted, preset: .xsuaa, parameters: "{}"))
    let settings = ServiceKeySettings(
      name: "sender", source: .serviceManager(source), replacement: example.replacement)
    var state = SourceState(
      identity: IdentityState(leaf: fingerprint(1), notBefore: Base.old.notBefore, notAfter: Base.old.notAfter),
      rotation: example.rotation,
      keys: [PlatformKeyState(guid: "old", name: "cpi-1", owner: example.owner, role: .inForce)])
    if let role = example.known {
      state.keys.append(PlatformKeyState(guid: "new", name: "cpi-2", owner: .foreign, role: role))
    }
    state.request = example.request
    let found = PeerRenewal.rotation(example.keys, settings, state, installation: "here", now: Base.now)
    #expect(found?.newKey?.guid == example.follows)
    guard let found else { return }
    #expect(found.newKey?.owner == .foreign, "whoever made it deletes it")
    #expect(found.predecessor?.guid == "old" && found.predecessor?.owner == example.owner)
    var context = Base.context()
    context.deletesFirst = example.replacement == .deleteFirst
    let held = found.intending(.read(guid: "new"), now: Base.now).applying(.credentialsHeld, context, now: Base.now)
    let after = held.rotation.applying(.defective(words: "it ends no later"), context, now: Base.now).rotation
    #expect(after.state == .abandoned, "in its place none is made")
  }
}
