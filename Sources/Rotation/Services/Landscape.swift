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
  package private(set) var inventory: Inventory
  /// What lasts and was told, by the work that found it.
  package private(set) var conditions: [ScheduleKey: StoredSchedule.Condition]

  package init(configuration: Configuration, knowledge: Knowledge) {
    self.configuration = configuration
    self.inventory = knowledge.inventory
    self.conditions = knowledge.conditions
  }

  /// What is due at `now`, leaving out what is under way.
  package func plan(now: Date) -> Plan {
    var plan = Planner.plan(configuration, inventory, now: now)
    plan.due.removeAll { inventory.underWay.contains($0.work) }
    return plan
  }

  /// Marks work as under way; false when it is already.
  package func begin(_ work: Work) -> Bool { inventory.underWay.insert(work).inserted }

  package func end(_ works: some Sequence<Work> & Sendable) { inventory.underWay.subtract(works) }

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

  /// Puts another configuration in force, with what the ledger knows of its entries.
  ///
  /// What is under way stays so: it ends by itself.
  package func apply(_ configuration: Configuration, _ knowledge: Knowledge) {
    let underWay = inventory.underWay
    self.configuration = configuration
    inventory = knowledge.inventory
    inventory.underWay = underWay
    conditions = knowledge.conditions
  }

  /// The rhythm of a piece of work, for its next schedule.
  package func cadence(of work: Work) -> Cadence {
    Planner.cadence(of: work, in: configuration, installation: inventory.installation)
  }
}
