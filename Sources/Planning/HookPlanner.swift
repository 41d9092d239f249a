// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// When hooks run: at once, and again with backoff until they succeed.
///
/// Those of one keystore begin in their order, each once the one before it was tried, and none before the credentials for
/// the new files are written.
enum HookPlanner {
  static func plan(_ context: PlanningContext, into draft: inout PlanDraft) {
    guard !context.inventory.hooks.isEmpty else { return }
    let configured = Set(context.configuration.keystores.map(\.name))
    let hooks = context.inventory.hooks.filter { configured.contains($0.keystore) }
    let owed = Dictionary(grouping: hooks, by: \.keystore)
    // Files in one folder share their credentials, and each run writes all of them.
    let others = Set(hooks.lazy.filter { !$0.isLogin }.map(\.id))
    // One that is not known any more, since its generation was superseded, may be one too.
    var isLoginUnderWay = context.inventory.underWay.contains { work in
      if case .runHook(let id) = work { !others.contains(id) } else { false }
    }
    for hook in hooks where !hook.waits(for: owed[hook.keystore] ?? []) {
      let cadence = Cadence.once("hook/\(hook.id)", installation: context.inventory.installation)
      guard let time = cadence.due(hook.schedule, now: context.now) else { continue }
      if hook.isLogin, time <= context.now {
        guard !isLoginUnderWay else { continue }
        isLoginUnderWay = true
      }
      draft.add(
        .runHook(id: hook.id), at: time, lapsesAt: nil,
        because: hook.schedule.failures > 0
          ? .attempt(hook.schedule, now: context.now)
          : .hookOwed(keystore: hook.keystore, generation: hook.generation))
    }
  }
}

extension HookState {
  /// Whether one of `others`, which the same keystore owes, has to come first.
  fileprivate func waits(for others: [HookState]) -> Bool {
    !isLogin && others.contains { $0.isLogin || $0.id < id && $0.attempts == 0 }
  }
}
