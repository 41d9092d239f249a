// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// When endpoints are probed.
enum ProbePlanner {
  static func plan(_ endpoint: EndpointSettings, _ context: PlanningContext, into draft: inout PlanDraft) {
    let state = context.inventory.endpoints[endpoint.name] ?? EndpointState()
    let cadence = Cadence.probe(
      endpoint.name, every: endpoint.refetchEvery, installation: context.inventory.installation)
    guard let time = cadence.due(state.schedule, now: context.now) else { return }
    draft.add(
      .probe(endpoint: endpoint.name), at: time, lapsesAt: state.verifiedPath?.notAfter,
      because: .attempt(state.schedule, now: context.now))
  }
}

extension Reason {
  /// Why a repeated job is tried at `now`.
  static func attempt(_ schedule: Schedule, now: Date) -> Reason {
    guard let last = schedule.lastAttempt else {
      return schedule.lastSuccess == nil && schedule.reason.isEmpty ? .neverAttempted : .requested(schedule.reason)
    }
    if schedule.failures > 0 { return .retry(failures: schedule.failures, failure: schedule.reason) }
    if let next = schedule.nextAttempt, next > now { return .clockWasSetBack }
    return last > now ? .clockWasSetBack : .intervalOver(elapsed: now.timeIntervalSince(last))
  }
}
