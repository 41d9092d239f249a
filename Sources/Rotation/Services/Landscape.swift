// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Ledger
package import Planning
package import Settings

/// What is configured and what is known, at this moment: the one place of mutable state in the daemon.
///
/// The ledger is the truth that survives; this is its reading, kept so that a plan costs no query. Whoever records
/// an outcome in the ledger changes this in the same step.
package actor Landscape {
  package private(set) var configuration: Configuration
  /// How often another configuration was put in force.
  private var revision = 0
  package private(set) var inventory: Inventory
  /// What lasts and was told, by the work that found it.
  package private(set) var conditions: [ScheduleKey: StoredSchedule.Condition]
  /// What somebody asked for, with the reason: due until it begins.
  private var requests: [Work: String] = [:]
  private var listeners: [AsyncStream<LandscapeNews>.Continuation] = []
  /// What was asked for anew and has not been done since.
  private var demands: [Work: Demand] = [:]
  private var lastDemand = 0

  package init(configuration: Configuration, knowledge: Knowledge) {
    self.configuration = configuration
    self.inventory = knowledge.inventory
    self.conditions = knowledge.conditions
  }

  /// What is due at `now`, leaving out what is under way.
  package func plan(now: Date) -> Plan {
    var plan = Planner.plan(configuration, inventory, now: now)
    let planned = Set(plan.due.map(\.work))
    plan.due += requests.filter { !planned.contains($0.key) }.map { work, why in
      DueWork(work: work, since: now, lapsesAt: now, reason: .requested(why))
    }
    plan.due.removeAll { inventory.underWay.contains($0.work) }
    return plan
  }

  /// Makes works due once, whatever the plan says of them.
  func request(_ works: some Sequence<Work> & Sendable, because why: String) {
    for work in works { requests[work] = why }
    announce(.changed)
  }

  /// Marks work as under way; false when it is already, or something that must not be done at the same time.
  package func begin(_ work: Work) -> Bool {
    guard !inventory.underWay.contains(where: work.excludes) else { return false }
    guard inventory.underWay.insert(work).inserted else { return false }
    requests[work] = nil
    announce(.changed)
    return true
  }

  package func end(_ works: some Sequence<Work> & Sendable) {
    inventory.underWay.subtract(works)
    announce(.changed)
  }

  /// Which works of `scope` are asked for, due, or under way.
  func outstanding(of scope: RenewalScope, now: Date) -> (due: Set<Work>, underWay: Set<Work>) {
    let due = Planner.plan(scope.configuration, inventory, now: now).due.map(\.work) + requests.keys
    let isMeant = { [inventory] in scope.covers($0, hooks: inventory.hooks) }
    return (Set(due.filter(isMeant)), inventory.underWay.filter(isMeant))
  }

  /// From now on sends what happens to `listener`, until that is finished.
  func add(_ listener: AsyncStream<LandscapeNews>.Continuation) { listeners.append(listener) }

  /// Tells those who listen.
  func announce(_ news: LandscapeNews) {
    listeners.removeAll { listener in
      if case .terminated = listener.yield(news) { true } else { false }
    }
  }

  /// Changes what is known.
  package func update(_ change: @Sendable (inout Inventory) -> Void) { change(&inventory) }

  /// Puts the hooks that are still owed in place of those known so far.
  package func replaceHooks(_ hooks: [HookState]) { inventory.hooks = hooks }

  /// Remembers what lasts about some work; nil when nothing does any more.
  package func setCondition(_ condition: StoredSchedule.Condition?, of key: ScheduleKey) { conditions[key] = condition }

  /// Like ``setCondition(_:of:)``, for many.
  package func setConditions(_ changes: [(ScheduleKey, StoredSchedule.Condition?)]) {
    for (key, condition) in changes { conditions[key] = condition }
  }

  /// Puts another configuration in force, with what the ledger knew of its entries when it was read.
  ///
  /// What is under way stays so: it ends by itself. What was asked for anew stays due.
  ///
  /// - Parameters:
  ///   - configuration: what is in force from now on.
  ///   - knowledge: the reading.
  ///   - before: what was known before the reading began. Whatever has changed since is newer than the reading.
  package func apply(_ configuration: Configuration, _ knowledge: Knowledge, readAfter before: Knowledge) {
    self.configuration = configuration
    revision += 1
    merge(knowledge, readAfter: before)
  }

  /// What a reading of the ledger begins with: the configuration, its revision for ``refresh(_:readAfter:of:)``, and
  /// what is known before the reading.
  package var view: (configuration: Configuration, revision: Int, knowledge: Knowledge) {
    (configuration, revision, knowledge)
  }

  /// Takes up what another process wrote into the ledger; the configuration stays as it is.
  ///
  /// - Parameters:
  ///   - knowledge: the reading; it counts for nothing when another configuration was put in force since it began.
  ///   - before: what was known before the reading began.
  ///   - revision: that of the configuration that the reading was made for.
  /// - Returns: whether something has changed since, so that a further reading is worth its while.
  package func refresh(_ knowledge: Knowledge, readAfter before: Knowledge, of revision: Int) -> Bool {
    guard revision == self.revision else { return true }
    return merge(knowledge, readAfter: before)
  }

  @discardableResult
  private func merge(_ knowledge: Knowledge, readAfter before: Knowledge) -> Bool {
    let now = self.knowledge
    let merging = KnowledgeMerge(reading: knowledge, before: before, now: now)
    inventory = merging.merged.inventory
    inventory.underWay = now.inventory.underWay
    conditions = merging.merged.conditions
    for (name, state) in now.inventory.serviceKeys {
      // The ledger knows nothing of it.
      inventory.serviceKeys[name]?.request = state.request
      inventory.serviceKeys[name]?.isLossToTell = state.isLossToTell
    }
    for (work, demand) in demands { inventory.release(work, because: demand.reason) }
    return merging.keptSomething
  }

  /// What is known at this moment.
  package var knowledge: Knowledge { Knowledge(inventory: inventory, conditions: conditions) }

  /// Makes `works` due at once, whatever was planned; an attempt that is under way does not count as the one asked for.
  package func release(_ works: [Work], because reason: String) {
    for work in works {
      lastDemand += 1
      demands[work] = Demand(number: lastDemand, reason: reason)
      inventory.release(work, because: reason)
    }
  }

  /// What was last asked for of `work`, for ``conclude(_:_:)``; to be taken before anything is read.
  package func demand(of work: Work) -> Int { demands[work]?.number ?? 0 }

  /// Changes what is known after attempts; work that was asked for again during its attempt stays due.
  ///
  /// - Parameters:
  ///   - attempts: the work, and what had been asked for when its attempt began.
  ///   - change: what came of them.
  package func conclude(_ attempts: [(work: Work, asked: Int)], _ change: @Sendable (inout Inventory) -> Void) {
    change(&inventory)
    for (work, asked) in attempts {
      guard let demand = demands[work] else { continue }
      if demand.number == asked {
        demands[work] = nil
      } else {
        inventory.release(work, because: demand.reason)
      }
    }
  }

  /// The rhythm of a piece of work, for its next schedule.
  package func cadence(of work: Work) -> Cadence {
    Planner.cadence(of: work, in: configuration, installation: inventory.installation)
  }

  private struct Demand {
    let number: Int
    let reason: String
  }
}

extension Inventory {
  /// Makes `work` due at once, where it is repeated.
  fileprivate mutating func release(_ work: Work, because reason: String) {
    switch work {
    case .probe(let name): endpoints[name]?.schedule.release(because: reason)
    case .readServiceKey(let name): serviceKeys[name]?.schedule.release(because: reason)
    case .readIdentityFiles(let name): keystores[name]?.identitySchedule.release(because: reason)
    case .tendServiceKey, .renewSelfSigned, .adopt, .write, .runHook, .confirm, .alert, .withdrawAlert: break
    }
  }
}
