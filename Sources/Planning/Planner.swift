// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// Says what is due, why, and when to ask again.
///
/// It is pure: the same arguments always give the same plan.
package enum Planner {
  /// What is due at `now` by the wall clock, which may have jumped either way since the inventory was taken.
  ///
  /// - Parameters:
  ///   - configuration: what is wanted.
  ///   - inventory: what is known.
  ///   - now: the wall clock.
  ///   - foreseeing: whether to tell too what becomes due later.
  /// - Returns: what is due, urgent work first.
  package static func plan(
    _ configuration: Configuration, _ inventory: Inventory, now: Date, foreseeing: Bool = false
  ) -> Plan {
    var draft = PlanDraft(now: now, foreseeing: foreseeing)
    let context = PlanningContext(configuration: configuration, inventory: inventory, now: now)
    for endpoint in configuration.endpoints { ProbePlanner.plan(endpoint, context, into: &draft) }
    for serviceKey in configuration.serviceKeys { IdentityPlanner.plan(serviceKey, context, into: &draft) }
    for keystore in configuration.keystores {
      let trust = TrustPlanner.wanted(keystore, inventory, now: now)
      AdoptionPlanner.plan(keystore, context, into: &draft)
      IdentityPlanner.plan(keystore, context, into: &draft)
      WritePlanner.plan(keystore, trust, context, into: &draft)
      ConfirmationPlanner.plan(keystore, context, into: &draft)
      AlertPlanner.plan(keystore, trust, context, into: &draft)
    }
    HookPlanner.plan(context, into: &draft)
    AlertPlanner.plan(context, into: &draft)
    return draft.finish()
  }

  /// The rhythm of a piece of work: what `Schedule.succeeded` and `Schedule.failed` need to say when it is next tried.
  ///
  /// An alert is raised once and a renewal has its own time, so that only their failures have a rhythm.
  package static func cadence(of work: Work, in configuration: Configuration, installation: UInt64) -> Cadence {
    switch work {
    case .probe(let name):
      let interval = configuration.endpoint(named: name)?.refetchEvery ?? configuration.defaults.refetchEvery
      return .probe(name, every: interval, installation: installation)
    case .readServiceKey(let name):
      return .reading("service-key/\(name)", configuration.defaults, installation: installation)
    case .tendServiceKey(let name):
      return .surveying(name, configuration.serviceKey(named: name), configuration.defaults, installation: installation)
    case .readIdentityFiles(let name):
      return .reading("identity/\(name)", configuration.defaults, installation: installation)
    case .renewSelfSigned(let name): return .once("renew/\(name)", installation: installation)
    case .adopt(let name): return .once("adopt/\(name)", installation: installation)
    case .write(let name): return .once("write/\(name)", installation: installation)
    case .confirm(let name): return .once("confirm/\(name)", installation: installation)
    case .runHook(let id): return .once("hook/\(id)", installation: installation)
    case .alert(let mark), .withdrawAlert(let mark):
      return .once("alert/\(mark.identifier)", installation: installation)
    }
  }
}

extension Cadence {
  static func probe(_ name: String, every interval: Duration, installation: UInt64) -> Cadence {
    Cadence(every: interval, jitter: Jitter(installation: installation, kind: "probe/", name: name))
  }

  static func reading(_ name: String, _ defaults: Defaults, installation: UInt64) -> Cadence {
    Cadence(every: defaults.refetchEvery, jitter: Jitter(installation: installation, name: name))
  }

  /// Of comparing the keys on the platform with those that are known.
  ///
  /// Another installation that renews deletes the key in force when the overlap is over: its successor has to be noticed
  /// within a part of that, however long the usual interval is.
  static func surveying(
    _ name: String, _ serviceKey: ServiceKeySettings?, _ defaults: Defaults, installation: UInt64
  ) -> Cadence {
    let usual = defaults.refetchEvery
    let jitter = Jitter(installation: installation, name: "service-key/\(name)")
    guard let serviceKey, serviceKey.replacement != .deleteFirst else { return Cadence(every: usual, jitter: jitter) }
    return Cadence(
      every: min(usual, max(serviceKey.overlap / surveysWithinOverlap, shortestSurvey)), jitter: jitter)
  }

  /// How often the platform is looked at within an overlap, at least.
  private static let surveysWithinOverlap = 4
  /// However short an overlap is: calls are counted.
  private static let shortestSurvey = Duration.seconds(600)

  static func once(_ name: String, installation: UInt64) -> Cadence {
    Cadence(every: nil, jitter: Jitter(installation: installation, name: name))
  }
}
