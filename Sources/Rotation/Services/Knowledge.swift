// SPDX-License-Identifier: Apache-2.0

package import Ledger
package import Planning

/// What the ledger and the disk say, as planning wants it, with what was told already.
package struct Knowledge: Sendable {
  package var inventory: Inventory
  package var conditions: [ScheduleKey: StoredSchedule.Condition]

  package init(inventory: Inventory, conditions: [ScheduleKey: StoredSchedule.Condition]) {
    self.inventory = inventory
    self.conditions = conditions
  }

  /// Takes over, for generations that are still in force, what was found of their passwords, which no reading tells.
  mutating func keepPasswordFindings(of before: Knowledge) {
    for (name, old) in before.inventory.keystores where old.passwordChanged {
      guard let now = inventory.keystores[name], now.current?.number == old.current?.number else { continue }
      inventory.keystores[name]?.passwordChanged = true
    }
  }
}
