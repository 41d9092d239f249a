// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Ledger
import Planning
import Settings
import Testing

@testable import Rotation

struct LandscapeTests {
  private let now = Date(timeIntervalSince1970: 1_780_272_000)
  private let work = Work.readServiceKey("sender")

  private var known: Knowledge {
    var inventory = Inventory(installation: 7)
    inventory.serviceKeys["sender"] = SourceState(schedule: succeeded(now))
    inventory.endpoints["shop"] = EndpointState(schedule: succeeded(now), attempted: true)
    return Knowledge(inventory: inventory, conditions: [:])
  }

  private var landscape: Landscape { Landscape(configuration: Configuration(), knowledge: known) }

  private func succeeded(_ time: Date) -> Schedule {
    Schedule(lastAttempt: time, lastSuccess: time, nextAttempt: time.addingTimeInterval(86_400))
  }

  /// Attempts the work; `during` says what happens between its beginning and its end.
  private func attempt(_ landscape: Landscape, _ during: () async -> Void = {}) async -> Schedule? {
    let asked = await landscape.demand(of: work)
    await during()
    let schedule = succeeded(now)
    await landscape.conclude([(work, asked)]) { $0.serviceKeys["sender"]?.schedule = schedule }
    return await landscape.inventory.serviceKeys["sender"]?.schedule
  }

  @Test func `a file that changes during an attempt is read again`() async {
    let landscape = landscape
    #expect(await attempt(landscape) == succeeded(now))
    await landscape.release([work], because: "the file changed")
    let again = await attempt(landscape) { await landscape.release([work], because: "the file changed again") }
    #expect(again == succeeded(now).released(reason: "the file changed again"))
    #expect(await attempt(landscape) == succeeded(now))
    #expect(await attempt(landscape) { await landscape.release([work], because: "once more") }?.lastAttempt == nil)
  }

  @Test func `what was recorded during a reading of the ledger is kept`() async {
    let landscape = landscape
    let before = await landscape.knowledge
    let later = now.addingTimeInterval(60)
    let condition = StoredSchedule.Condition("unreachable", since: later)
    await landscape.update { $0.endpoints["shop"]?.schedule = Schedule(lastAttempt: later, failures: 1) }
    await landscape.update { $0.hooks = [HookState(id: 3, keystore: "client", generation: 1)] }
    await landscape.setCondition(condition, of: .probe("shop"))
    await landscape.release([work], because: "the file changed")
    var reading = known
    reading.inventory.keystores["client"] = KeystoreState(rolledBackTo: 1)
    let revision = await landscape.view.revision
    #expect(await landscape.refresh(reading, readAfter: before, of: revision))
    let inventory = await landscape.inventory
    #expect(inventory.endpoints["shop"]?.schedule.failures == 1)
    #expect(inventory.serviceKeys["sender"]?.schedule.lastAttempt == nil, "it stays due")
    #expect(inventory.hooks.map(\.id) == [3])
    #expect(inventory.keystores["client"]?.rolledBackTo == 1, "and what another process wrote is known")
    #expect(await landscape.conditions[.probe("shop")] == condition)
    let settled = await landscape.knowledge
    #expect(await !landscape.refresh(settled, readAfter: settled, of: revision))
  }

  @Test func `a reading of the ledger that a reload overtakes leaves the new configuration in force`() async {
    let landscape = landscape
    let (_, revision, before) = await landscape.view
    var settings = Configuration()
    settings.defaults.refetchEvery = .seconds(77)
    await landscape.apply(settings, before, readAfter: before)
    var reading = known
    reading.inventory.keystores["removed"] = KeystoreState()
    #expect(await landscape.refresh(reading, readAfter: before, of: revision), "it asks for another reading")
    #expect(await landscape.configuration == settings)
    #expect(await landscape.inventory.keystores.isEmpty)
  }
}
