// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// Whether a write may begin, as far as the change windows of its keystore go.
package enum WriteWindow: Sendable, Equatable {
  /// One is open, there is none, or the write waits for none.
  case open
  /// None is open, and the last tenth of the identity in force, which ends at `notAfter`, has begun.
  case ignored(notAfter: Date)
  case closed(WindowWait)
}

/// What a write waits for.
package struct WindowWait: Sendable, Hashable {
  /// When it begins at the latest.
  package var until: Date
  /// One sentence that goes on from what is to be written.
  package var sentence: String
}

extension WriteWindow {
  /// Whether `content` may be put in force at `time` because of `reason`.
  ///
  /// What repairs does not wait: a first generation, damaged files, a trust list that lacks what a server presents, and an
  /// identity that the platform does not have any more. A new identity waits no longer than to the last tenth of the old.
  package static func judge(
    _ keystore: KeystoreSettings, _ content: GenerationContent, because reason: Reason, _ trust: TrustDecision,
    _ inventory: Inventory, at time: Date
  ) -> WriteWindow {
    guard let opening = WindowCalendar.nextOpening(of: keystore.changeWindows, after: time), opening.at > time,
      let state = inventory.keystores[keystore.name], let current = state.current,
      !keystore.repairs(current, with: content, because: reason, trust, inventory)
    else { return .open }
    var until = opening.at
    var sentence = "it waits for its window, which opens at \(opening.window.text(of: opening.at))"
    if content.identityLeaf != current.content.identityLeaf, let identity = current.identity {
      let lastTenth = LastTenth.start(notBefore: identity.notBefore, notAfter: identity.notAfter)
      guard lastTenth > time else { return .ignored(notAfter: identity.notAfter) }
      if lastTenth < until {
        until = lastTenth
        sentence += ", but no longer than until the last tenth of its identity, \(TimeText.instant(lastTenth))"
      }
    }
    return .closed(WindowWait(until: until, sentence: sentence))
  }

  /// What the next write of a keystore waits for at `now`; nil where nothing is to be written, or that does not wait.
  package static func wait(of keystore: KeystoreSettings, _ inventory: Inventory, now: Date) -> WindowWait? {
    guard !keystore.changeWindows.isEmpty else { return nil }
    let trust = TrustPlanner.wanted(keystore, inventory, now: now)
    return wait(for: WritePlanner.decide(keystore, inventory, trust: trust, now: now), keystore, trust, inventory, now)
  }

  static func wait(
    for decision: WriteDecision, _ keystore: KeystoreSettings, _ trust: TrustDecision, _ inventory: Inventory,
    _ now: Date
  ) -> WindowWait? {
    guard case .write(let content, let reason) = decision,
      case .closed(let wait) = judge(keystore, content, because: reason, trust, inventory, at: now)
    else { return nil }
    return wait
  }
}

extension KeystoreSettings {
  /// Whether consumers of the files in force cannot work before `content` takes their place.
  fileprivate func repairs(
    _ current: GenerationState, with content: GenerationContent, because reason: Reason, _ trust: TrustDecision,
    _ inventory: Inventory
  ) -> Bool {
    switch reason {
    case .firstGeneration, .damaged: return true
    default: break
    }
    let lacking = content.trust.subtracting(current.content.trust)
    guard trust.neededByPaths.isDisjoint(with: lacking) else { return true }
    guard case .serviceKey(let name) = identity, let source = inventory.serviceKeys[name],
      let leaf = current.content.identityLeaf, content.identityLeaf != leaf
    else { return false }
    return source.rotation?.isPredecessorGone == true
      || source.keys.contains { $0.leaf == leaf && $0.role == .deleted }
  }
}
