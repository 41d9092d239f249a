// SPDX-License-Identifier: Apache-2.0

import Ledger
import Planning

/// Joins a reading of the ledger, which takes several steps, with what the daemon recorded between these steps.
struct KnowledgeMerge {
  /// The reading, except for what has changed since it began.
  let merged: Knowledge
  /// Whether anything has changed since the reading began.
  let keptSomething: Bool

  /// - Parameters:
  ///   - reading: what the ledger said.
  ///   - before: what was known when the reading began.
  ///   - now: what is known now.
  init(reading: Knowledge, before: Knowledge, now: Knowledge) {
    var kept = false
    func newer<Key, Value: Equatable>(
      _ reading: [Key: Value], _ before: [Key: Value], _ now: [Key: Value]
    ) -> [Key: Value] {
      var joined = reading
      for (key, value) in now where value != before[key] {
        // What the configuration no longer has stays away.
        guard reading[key] != nil || before[key] == nil else { continue }
        kept = true
        joined[key] = value
      }
      return joined
    }
    var merged = reading
    let (old, new) = (before.inventory, now.inventory)
    merged.inventory.endpoints = newer(reading.inventory.endpoints, old.endpoints, new.endpoints)
    merged.inventory.serviceKeys = newer(reading.inventory.serviceKeys, old.serviceKeys, new.serviceKeys)
    merged.inventory.keystores = newer(reading.inventory.keystores, old.keystores, new.keystores)
    merged.inventory.bundles = newer(reading.inventory.bundles, old.bundles, new.bundles)
    let hooks = { (state: Inventory) in Dictionary(state.hooks.map { ($0.id, $0) }) { first, _ in first } }
    var owed = newer(hooks(reading.inventory), hooks(old), hooks(new))
    for id in Set(hooks(old).keys).subtracting(hooks(new).keys) { owed[id] = nil }
    merged.inventory.hooks = owed.values.sorted { $0.id < $1.id }
    merged.inventory.bundleFaults = newer(
      reading.inventory.bundleFaults, old.bundleFaults, new.bundleFaults)
    merged.inventory.alerts.formUnion(new.alerts.subtracting(old.alerts))
    merged.inventory.alerts.subtract(old.alerts.subtracting(new.alerts))
    for (key, condition) in now.conditions where condition != before.conditions[key] {
      merged.conditions[key] = condition
    }
    for key in before.conditions.keys where now.conditions[key] == nil { merged.conditions[key] = nil }
    self.merged = merged
    keptSomething = kept
  }
}
