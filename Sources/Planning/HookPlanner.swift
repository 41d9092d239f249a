// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// When hooks run: at once, and again with backoff until they succeed.
enum HookPlanner {
  static func plan(_ context: PlanningContext, into draft: inout PlanDraft) {
    guard !context.inventory.hooks.isEmpty else { return }
    let configured = Set(context.configuration.keystores.map(\.name))
    for hook in context.inventory.hooks where configured.contains(hook.keystore) {
      let cadence = Cadence.once("hook/\(hook.id)", installation: context.inventory.installation)
      guard let time = cadence.due(hook.schedule, now: context.now) else { continue }
      draft.add(
        .runHook(id: hook.id), at: time, lapsesAt: nil,
        because: hook.schedule.failures > 0
          ? .attempt(hook.schedule, now: context.now)
          : .hookOwed(keystore: hook.keystore, generation: hook.generation))
    }
  }
}
