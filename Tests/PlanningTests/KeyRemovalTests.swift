// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Testing

struct KeyRemovalTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private static func removal(_ change: (inout KeyRemoval) -> Void = { _ in }) -> KeyRemoval {
    var removal = KeyRemoval(
      owner: .ours, isInForce: false, isInFlight: false, holders: KeyHolders(), overlapEnds: now, otherValidKeys: 1,
      ends: now + 100)
    change(&removal)
    return removal
  }

  @Test(
    arguments: [
      (removal(), nil), (removal { $0.owner = .named }, nil), (removal { $0.owner = .foreign }, .foreign),
      (removal { $0.isInForce = true }, .inForce), (removal { $0.isInFlight = true }, .inFlight),
      (removal { $0.holders.holding = ["a"] }, .stillUsed(["a"])),
      (removal { $0.holders.unproven = ["a"] }, .unproven(["a"])),
      (removal { $0.possibleHolders = ["a"] }, .maybeUsed(["a"])),
      (removal { $0.overlapEnds = now + 1 }, .overlap(until: now + 1)), (removal { $0.overlapEnds = nil }, nil),
      (removal { $0.otherValidKeys = 0 }, .lastValid),
      (
        removal {
          $0.otherValidKeys = 0
          $0.ends = now
        }, nil
      ),
      (
        removal {
          $0.otherValidKeys = 0
          $0.ends = nil
        }, .lastValid
      ),
    ] as [(KeyRemoval, KeyRemoval.Refusal?)])
  func `a key is deleted only when nothing speaks against it`(removal: KeyRemoval, refusal: KeyRemoval.Refusal?) {
    #expect(removal.refusal(now: Self.now) == refusal)
  }

  private static func listed(
    _ guid: String, _ state: ListedKey.State = .ready, by installation: String? = "here", age: TimeInterval = 7200
  ) -> ListedKey {
    ListedKey(
      guid: guid, name: guid, state: state, createdAt: now - age, installation: installation, base: "cpi")
  }

  @Test func `orphans are our keys that nothing uses, and some of them stay`() {
    let keys = [
      Self.listed("force"), Self.listed("flight"), Self.listed("peer", by: "there"), Self.listed("stranger", by: nil),
      Self.listed("young", age: 60), Self.listed("creating", .creating), Self.listed("free"), Self.listed("used"),
      Self.listed("overlapping"), Self.listed("failed", .createFailed), Self.listed("stuck", .deleteFailed),
    ]
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: "force", inFlight: ["flight"],
      used: ["used": KeyHolders(holding: ["web"])],
      ends: ["force": Self.now + 1000, "used": Self.now + 10], overlaps: ["overlapping": Self.now + 50])
    let orphans = OrphanPlanner.orphans(keys, knowledge, now: Self.now)
    #expect(orphans.map(\.guid) == ["free", "overlapping", "failed", "stuck", "used"])
    #expect(
      orphans.map(\.refusal) == [nil, .overlap(until: Self.now + 50), nil, nil, .stillUsed(["web"])])
  }

  @Test func `a key that nobody has seen stays as long as a keystore holds what no known key explains`() {
    let keys = [Self.listed("force"), Self.listed("unseen"), Self.listed("seen"), Self.listed("failed", .createFailed)]
    var knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: "force", ends: ["force": Self.now + 1000],
      overlaps: ["unseen": Self.now - 1, "seen": Self.now - 1])
    knowledge.strangers = ["web"]
    knowledge.seen = ["force", "seen"]
    let orphans = OrphanPlanner.orphans(keys, knowledge, now: Self.now)
    #expect(orphans.map(\.guid) == ["unseen", "seen", "failed"])
    #expect(orphans.map(\.refusal) == [.maybeUsed(["web"]), nil, nil])
  }

  @Test func `keys that are left alone for their youth are looked at when it is over`() {
    let keys = [
      Self.listed("force", age: 10), Self.listed("young", age: 600), Self.listed("younger", age: 60),
      Self.listed("old"), Self.listed("going", .deleting, age: 3000),
    ]
    let knowledge = OrphanPlanner.Knowledge(installation: "here", base: "cpi", inForce: "force")
    #expect(OrphanPlanner.nextOfAge(keys, knowledge, now: Self.now) == Self.now + 3000)
    #expect(OrphanPlanner.nextOfAge(keys, knowledge, now: Self.now + 3600) == nil)
  }

  @Test func `of several keys that could go the last one stays`() {
    let ends = [
      "first": Self.now + 1000, "last": Self.now + 3000, "second": Self.now + 2000, "useless": Self.now + 9000,
    ]
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: "lost", useless: ["useless"], ends: ends)
    let orphans = OrphanPlanner.orphans(ends.keys.map { Self.listed($0) }, knowledge, now: Self.now)
    #expect(orphans.map(\.guid) == ["first", "second", "last", "useless"])
    #expect(orphans.map(\.refusal) == [nil, nil, .lastValid, nil])
  }

  @Test func `without another valid key nothing but what never worked is removed`() {
    let knowledge = OrphanPlanner.Knowledge(installation: "here", base: "cpi", inForce: nil)
    let orphans = OrphanPlanner.orphans(
      [Self.listed("only"), Self.listed("failed", .createFailed)], knowledge, now: Self.now)
    #expect(orphans.map(\.refusal) == [.lastValid, nil])
  }

  @Test func `a valid key that the platform does not list protects no other`() {
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: "lost", ends: ["lost": Self.now + 1000])
    #expect(
      OrphanPlanner.orphans([Self.listed("real")], knowledge, now: Self.now).map(\.refusal) == [.lastValid],
      "such as after the ledger was restored from an older one")
  }

  @Test func `who looks at the keys is told why a leftover is left alone`() {
    let knowledge = OrphanPlanner.Knowledge(installation: "here", base: "cpi", inForce: "live")
    let keys = [
      Self.listed("live"), Self.listed("fresh", age: 60), Self.listed("old"), Self.listed("going", .deleting),
      Self.listed("peer", by: "there", age: 60),
    ]
    let resting = OrphanPlanner.restingOrphans(keys, knowledge, now: Self.now)
    #expect(resting.map(\.guid) == ["fresh", "going"])
    #expect(resting.map(\.refusal) == [.young(until: Self.now + 3540), .goes])
  }

  @Test func `a key that is being made is no orphan, by whatever it is known`() {
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: "force", inFlight: ["flight"], nameInFlight: "named",
      ends: ["force": Self.now + 1000])
    let keys = [Self.listed("force"), Self.listed("flight"), Self.listed("named")]
    #expect(OrphanPlanner.orphans(keys, knowledge, now: Self.now).isEmpty)
  }

  @Test func `what never worked is removed although nothing else is valid, once others had time to follow`() {
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: nil, useless: ["late", "early"], overlap: 3 * 3600)
    let orphans = OrphanPlanner.orphans(
      [Self.listed("late", age: 4 * 3600), Self.listed("early", age: 7200)], knowledge, now: Self.now)
    #expect(orphans.map(\.refusal) == [nil, .leftToOthers(until: Self.now + 3600)])
  }

  @Test func `a key that is known to be of no use need not grow old`() {
    let knowledge = OrphanPlanner.Knowledge(
      installation: "here", base: "cpi", inForce: nil, useless: ["tried", "unfinished"], overlap: 600)
    let keys = [
      Self.listed("tried", age: 700), Self.listed("unknown", age: 700), Self.listed("unfinished", .creating, age: 700),
    ]
    #expect(OrphanPlanner.orphans(keys, knowledge, now: Self.now).map(\.guid) == ["tried"])
    #expect(OrphanPlanner.orphans(keys, knowledge, now: Self.now).map(\.refusal) == [nil])
    #expect(OrphanPlanner.restingOrphans(keys, knowledge, now: Self.now).map(\.guid) == ["unknown", "unfinished"])
    let young = [Self.listed("tried", age: 60)]
    #expect(
      OrphanPlanner.orphans(young, knowledge, now: Self.now).map(\.refusal) == [.leftToOthers(until: Self.now + 540)])
  }

  @Test func `names end in the time and fit the platform`() {
    #expect(KeyName.make(base: "cpi", at: Self.now) == "cpi-20270115080000")
    let long = KeyName.make(base: "a-base-that-is-too-long-for-it", at: Self.now)
    #expect(long.count == KeyName.longest && long.hasSuffix("-20270115080000"))
  }

  @Test(arguments: ["", "{}", "{\"version\":2,\"rotation\":{}}", "{\"version\":1,\"rotation\":{}}"])
  func `a record that cannot be read is said to be one`(text: String) {
    #expect(throws: KeyRotationText.Unreadable.self) { try KeyRotationText.decode(text) }
  }
}
