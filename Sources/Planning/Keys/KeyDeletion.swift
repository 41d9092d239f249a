// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// The deletion of an old key on the platform that is still to come.
struct KeyDeletion: Equatable {
  var key: PlatformKeyState
  /// When it is tried, as far as nothing is in the way then.
  var at: Date
  /// The keystores that it stays for now.
  var holders: KeyHolders
  /// One sentence: what it waits for, or waited for.
  var why: String

  /// Those of one service key.
  ///
  /// - Parameters:
  ///   - serviceKey: one that is made on a platform.
  ///   - state: what is known of it.
  ///   - configuration: as it is in force.
  ///   - inventory: what is known.
  ///   - now: the wall clock.
  /// - Returns: one for each key that is to go, in the order in which the ledger has them.
  static func expected(
    _ serviceKey: ServiceKeySettings, _ state: SourceState, _ configuration: Configuration, _ inventory: Inventory,
    now: Date
  ) -> [KeyDeletion] {
    state.keys.compactMap { key in
      guard key.role == .retiring || key.role == .givenUp, let ends = key.overlapEnds else { return nil }
      let holders = PlatformKeyPlanner.holders(of: key, serviceKey.name, configuration, inventory, now: now)
      var why = "the overlap with the key \(key.name) is over"
      var time = ends
      if let rotation = state.rotation, rotation.isResting, rotation.predecessor?.guid == key.guid {
        if case .failed(let failure) = rotation.standing {
          time = max(ends, failure.nextAttempt)
          why += "; \(failure.account)"
        }
      } else if state.schedule.failures > 0 {
        time = max(ends, PlatformKeyPlanner.surveyTime(serviceKey, state, configuration, inventory, now: now))
        if time > ends { why += "; the last look at the keys on the platform failed: \(state.schedule.reason)" }
      } else if let last = state.schedule.lastAttempt, ends <= last {
        // It was looked at since, and had to stay.
        time = PlatformKeyPlanner.surveyTime(serviceKey, state, configuration, inventory, now: now)
        why += "; something was in the way when it was last looked at, at \(TimeText.instant(last))"
      }
      why += holders.refusal.map { ", but \($0)" } ?? ", unless a keystore still holds it"
      return KeyDeletion(key: key, at: max(now, time), holders: holders, why: why)
    }
  }
}

extension PlatformKeyPlanner {
  /// What is done next for a service key that an operator may wait for, and when; nil where a new key is made at once.
  ///
  /// That the keys on the platform are looked at changes nothing for anybody, unless the last look failed.
  static func next(
    _ serviceKey: ServiceKeySettings, _ state: SourceState, _ configuration: Configuration, _ inventory: Inventory,
    now: Date
  ) -> (at: Date, what: ForecastEntry.What)? {
    if let rotation = state.rotation, !rotation.isResting {
      let attempt = rotation.nextAttempt ?? now
      // While it waits for a window it is looked at once a day, which changes nothing.
      let window = window(rotation, serviceKey, state, configuration, inventory, now: now)
      return (max(now, window ?? attempt), .renewIdentity)
    }
    guard let identity = state.identity else { return nil }
    let due = RenewalPoint.due(identity, renewBefore: serviceKey.renewBefore, now: now)
    var steps = [(at: state.request == nil ? max(now, due) : now, what: ForecastEntry.What.renewIdentity)]
    steps += KeyDeletion.expected(serviceKey, state, configuration, inventory, now: now).filter(\.holders.isEmpty)
      .map { (at: $0.at, what: .deleteKey) }
    if state.schedule.failures > 0 {
      steps.append((max(now, surveyTime(serviceKey, state, configuration, inventory, now: now)), .surveyKeys))
    }
    return steps.min { $0.at < $1.at }
  }

  /// When a renewal goes on that waits for the change windows of keystores; nil where it does not.
  private static func window(
    _ rotation: KeyRotation, _ serviceKey: ServiceKeySettings, _ state: SourceState, _ configuration: Configuration,
    _ inventory: Inventory, now: Date
  ) -> Date? {
    guard case .waiting = rotation.standing else { return nil }
    if rotation.awaitsWindow == true {
      return DeletionWindow.wait(state, configuration, inventory, now: now)?.until
    }
    guard case .verified = rotation.state else { return nil }
    let behind = keystoresBehind(serviceKey.name, configuration, inventory, now: now)
    return behind.isEmpty ? nil : firstWindow(of: behind, configuration, inventory, now: now)
  }
}
