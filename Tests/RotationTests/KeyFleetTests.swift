// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Ledger
import Planning
import Settings
import Testing

@testable import Rotation

/// A hundred service keys with lifetimes from one day to one year, for two years, with one call in five failing.
struct KeyFleetTests {
  static let fleet = 100
  static let share = 10

  @Test(arguments: 0..<share)
  func `none lapses, none is lost, and no credentials are read twice`(part: Int) async throws {
    for number in stride(from: part, to: Self.fleet, by: Self.share) {
      let lifetime = (1 + 364 * Double(number) / Double(Self.fleet - 1)) * day
      var life = KeyLife(number: number, lifetime: lifetime, faultRate: 0.2, from: aTime)
      var lapses = 0
      try await life.live(until: aTime + 730 * day) { life in
        // The first key needs a moment, too.
        guard life.now > aTime + lifetime / 2 else { return }
        let existing = await life.platform.existing
        let isGood = life.delivered.map { $0.notAfter > life.now } == true && life.inUse.map(existing.contains) == true
        if !isGood { lapses += 1 }
      }
      #expect(lapses == 0, "key \(number), of \(lifetime / day) days")
      #expect(life.renewals >= Int(730 * day / lifetime), "key \(number)")

      // The platform recovers, and what was left behind is cleared away.
      await life.platform.heal()
      try await life.live(until: aTime + 760 * day) { _ in }
      let known = Set(life.records.values.filter { $0.state != .deleted }.map(\.guid))
      #expect(await life.platform.existing == known, "key \(number): the platform has what the ledger knows")
      #expect(life.records.values.count { $0.state == .inForce } == 1, "key \(number)")
      let books = await life.platform.books
      #expect(books.values.allSatisfy { $0.reads <= 1 }, "key \(number)")
      let (faults, calls) = await (life.platform.faults, life.platform.calls)
      #expect(Double(faults) > Double(calls) / 8, "key \(number): \(faults) of \(calls) calls failed")
    }
  }

  /// In days; the shortest that a platform makes, and longer ones.
  @Test(arguments: [1.0, 2, 7, 30, 365], [RenewBefore.fraction(0.9), .fraction(0.33)])
  func `keys that are due when they are issued neither lapse nor storm`(
    days: Double, renewBefore: RenewBefore
  ) async throws {
    let lifetime = days * day
    let lives = 20.0
    // Dated back so far that the renewal point is past when a key is made.
    var life = KeyLife(
      number: Int(days), lifetime: lifetime, backdating: 3 * lifetime, renewBefore: renewBefore, faultRate: 0.2,
      from: aTime)
    var lapses = 0
    try await life.live(until: aTime + lives * lifetime) { life in
      guard life.now > aTime + lifetime / 2 else { return }
      let existing = await life.platform.existing
      let isGood = life.delivered.map { $0.notAfter > life.now } == true && life.inUse.map(existing.contains) == true
      if !isGood { lapses += 1 }
    }
    #expect(lapses == 0)
    // Each has a tenth of its life before it is replaced.
    #expect((Int(lives)...Int(lives * 10) + 1).contains(life.renewals), "\(life.renewals) renewals in \(lives) lives")
    await life.platform.heal()
    try await life.live(until: life.now + max(30 * day, 2 * lifetime)) { _ in }
    #expect(life.records.values.count { $0.state == .inForce } == 1)
    let known = Set(life.records.values.filter { $0.state != .deleted }.map(\.guid))
    #expect(await life.platform.existing == known, "the platform has what the ledger knows")
    let books = await life.platform.books
    #expect(books.values.allSatisfy { $0.reads <= 1 })
  }
}
