// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
package import Settings

/// When a keystore gets a new generation, and with which content.
package enum WritePlanner {
  /// Whether to write, by content alone; the backoff after failed attempts is no part of it.
  ///
  /// `trust` is what `TrustPlanner.wanted` says of the same arguments.
  package static func decide(
    _ keystore: KeystoreSettings, _ inventory: Inventory, trust: TrustDecision, now: Date
  ) -> WriteDecision {
    let state = inventory.keystores[keystore.name] ?? KeystoreState()
    if case .withdrawing = state.confirmation?.state, keystore.confirm != nil {
      return .waiting("the generation before is coming back")
    }
    let restoration = state.damage.flatMap { damage in
      state.current.map {
        WriteDecision.write($0.content, .damaged(damage, restoring: $0.number))
      }
    }
    let wanted: GenerationContent
    switch content(keystore, state, inventory, trust: trust, now: now) {
    case .failure(let obstacle):
      return restoration ?? obstacle.decision
    case .success(let content): wanted = content
    }
    guard let current = state.current else {
      return wanted == state.heldContent
        ? .held(wanted)
        : .write(wanted, .firstGeneration(missing: trust.unverified, inUse: state.unread))
    }
    let change = difference(current.content, wanted, trust) ?? (state.passwordChanged ? .passwordChanged : nil)
    guard let reason = change else { return restoration ?? .upToDate }
    if wanted == state.heldContent {
      if let restoration { return restoration }
      // What was rolled back to has to open too.
      return state.passwordChanged ? .write(current.content, .passwordChanged) : .held(wanted)
    }
    // Damaged files do not wait until others may take their place.
    if let restoration,
      case .closed = WriteWindow.judge(keystore, wanted, because: reason, trust, inventory, at: now)
    {
      return restoration
    }
    return .write(wanted, reason)
  }

  static func plan(
    _ keystore: KeystoreSettings, _ trust: TrustDecision, _ context: PlanningContext, into draft: inout PlanDraft
  ) {
    let now = context.now
    draft.wake(at: trust.nextChange)
    if case .serviceKey(let name) = keystore.identity {
      // An identity whose time ends can no longer be written.
      draft.wake(at: context.inventory.serviceKeys[name]?.identity?.notAfter)
    }
    let decision = decide(keystore, context.inventory, trust: trust, now: now)
    let state = context.inventory.keystores[keystore.name] ?? KeystoreState()
    guard case .write(let content, let reason) = decision else {
      if decision.isSettled, state.writing.failures > 0 {
        draft.add(.write(keystore: keystore.name), at: now, lapsesAt: nil, because: .failureOutlived)
      }
      if case .stuck(let standstill) = decision, standstill.isUntold(state) {
        draft.add(.write(keystore: keystore.name), at: now, lapsesAt: nil, because: .stuck(standstill.sentence))
      }
      return
    }
    draft.add(
      .write(keystore: keystore.name),
      at: time(keystore, content, reason, trust, context.inventory, now: now),
      lapsesAt: lapse(state.current, reason),
      urgency: .since(urgentFrom(state.current, reason, now: now), now: now), because: reason)
  }

  /// When to write: at once, or once the backoff after a failure with the same content is over and a window is open.
  static func time(
    _ keystore: KeystoreSettings, _ content: GenerationContent, _ reason: Reason, _ trust: TrustDecision,
    _ inventory: Inventory, now: Date
  ) -> Date {
    let state = inventory.keystores[keystore.name] ?? KeystoreState()
    var time = now
    if case .damaged = reason, let noticedBy = state.damageNoticedBy { time = max(now, noticedBy) }
    if state.writing.failures > 0, state.failedContent == nil || state.failedContent == content {
      time =
        Cadence.once("write/\(keystore.name)", installation: inventory.installation)
        .due(state.writing, now: now, urgentFrom: urgentFrom(state.current, reason, now: now)) ?? now
    }
    let window = WriteWindow.judge(keystore, content, because: reason, trust, inventory, at: max(now, time))
    if case .closed(let wait) = window { return wait.until }
    return time
  }

  /// What stands in the way of writing anything.
  private enum Obstacle: Error {
    case waiting(String)
    /// It stays until somebody acts.
    case stuck(Standstill)

    var decision: WriteDecision {
      switch self {
      case .waiting(let sentence): .waiting(sentence)
      case .stuck(let standstill): .stuck(standstill)
      }
    }
  }

  private static func content(
    _ keystore: KeystoreSettings, _ state: KeystoreState, _ inventory: Inventory, trust: TrustDecision, now: Date
  ) -> Result<GenerationContent, Obstacle> {
    if let adopt = keystore.adopt, keystore.awaitsAdoption(state) {
      return obstacle("it waits until it has taken over", ["\(adopt.file)"])
    }
    if state.current == nil {
      let unattempted = keystore.trust.endpoints.filter { inventory.endpoints[$0]?.attempted != true }
      guard unattempted.isEmpty else { return obstacle("it waits for the first probe of", unattempted) }
    }
    // With files in force, what a bundle held when it could be read is remembered, and nothing of it ages.
    guard trust.unreadBundles.isEmpty || state.current != nil else {
      let faults = trust.unreadBundles.map { inventory.bundleFaults[$0] ?? "\($0) cannot be read" }
      return .failure(.stuck(Standstill(faults.joined(separator: "; "), isToldElsewhere: true)))
    }
    var leaf: Fingerprint?
    let identity = keystore.identityInForce(inventory, now: now)
    if keystore.identity != nil || identity != nil {
      let source = keystore.identity?.phrase ?? "an operator"
      guard let identity else { return obstacle("it waits for its identity from", [source]) }
      guard identity.notAfter > now else {
        guard keystore.identity == nil, let file = state.adoption?.file else {
          return obstacle("it waits for an identity that has not ended from", [source])
        }
        return .failure(ended(identity, takenOverFrom: file, now: now))
      }
      if keystore.adopt == nil, keystore.identity == nil, keystore.files.contains(where: \.isOpenToAll) {
        return .failure(.stuck(Standstill(Self.openToAll)))
      }
      leaf = identity.leaf
    }
    // An empty list of trusted certificates would mean something else than that nobody has answered yet.
    let needsTrust = leaf == nil || keystore.files.contains(where: \.format.isTrustList)
    guard !needsTrust || !trust.wanted.isEmpty else {
      guard trust.unverified.isEmpty else { return obstacle("it waits for a verified path of", trust.unverified) }
      return obstacle("there is \(leaf == nil ? "neither an identity nor a" : "no") trusted certificate to write", [])
    }
    let bare = keystore.filesWithoutPIN(state)
    guard bare.isEmpty else {
      let names = bare.map(\.description).joined(separator: " and ")
      let sentence = """
        the PSE that it took over had a PIN, and the configuration names none for \(names): write 'pin-credential', \
        there or under 'adopt', or 'pin-credential: none' where the file shall have no PIN
        """
      return .failure(.stuck(Standstill(sentence)))
    }
    return .success(
      GenerationContent(recipe: keystore.inForce(state).filesRecipe, identityLeaf: leaf, trust: Set(trust.wanted.keys)))
  }

  private static func ended(_ identity: IdentityState, takenOverFrom file: String, now: Date) -> Obstacle {
    let since = "\(TimeText.instant(identity.notAfter)), \(TimeText.span(now.timeIntervalSince(identity.notAfter))) ago"
    let sentence = """
      the identity that was taken over from \(file) ended at \(since), and none follows it: give the keystore an \
      'identity' (such as self-signed), name a PSE under 'adopt' that is still valid, or write 'identity: none' where it \
      shall only trust, without 'adopt'
      """
    // That it ended is an alert of its own.
    return .stuck(Standstill(sentence, isToldElsewhere: true))
  }

  private static let openToAll = """
    its files hold the private key that was taken over when 'adopt' stood there, and a 'mode' would let every account read \
    it: write a stricter mode, or 'identity: none' where it shall only trust
    """

  private static func obstacle(_ text: String, _ names: [String]) -> Result<GenerationContent, Obstacle> {
    .failure(.waiting(names.isEmpty ? text : "\(text) \(names.joined(separator: " and "))"))
  }

  private static func difference(
    _ current: GenerationContent, _ wanted: GenerationContent, _ trust: TrustDecision
  ) -> Reason? {
    let lacking = wanted.trust.subtracting(current.trust)
    if !lacking.isEmpty { return .trustLacks(lacking.compactMap { trust.wanted[$0]?.subject }.sorted()) }
    if current.identityLeaf != wanted.identityLeaf { return .identityChanged }
    if current.recipe != wanted.recipe { return .fileSettingsChanged }
    // An expired certificate that is still needed has no successor. To drop it helps nobody, and if only the clock is
    // wrong, it would break what works.
    let surplus = current.trust.subtracting(wanted.trust).filter { trust.needed[$0] == nil }
    return surplus.isEmpty ? nil : .trustHoldsSurplus(count: surplus.count)
  }

  /// From when on failed attempts are repeated at the shortest interval.
  private static func urgentFrom(_ current: GenerationState?, _ reason: Reason, now: Date) -> Date? {
    // The server already presents what the consumer does not trust.
    if case .trustLacks = reason { return now }
    return current?.identity.map { LastTenth.start(notBefore: $0.notBefore, notAfter: $0.notAfter) }
  }

  /// When the files stop working; `nil` if they do not work now.
  private static func lapse(_ current: GenerationState?, _ reason: Reason) -> Date? {
    switch reason {
    case .trustLacks, .damaged, .firstGeneration: nil
    default: current.map { [$0.identity?.notAfter, $0.trustNotAfter].compactMap(\.self).min() ?? .distantFuture }
    }
  }
}

extension Standstill {
  /// Whether nobody has been told yet of what lasts.
  fileprivate func isUntold(_ state: KeystoreState) -> Bool {
    !isToldElsewhere && (state.writing.failures == 0 || state.writing.reason != sentence)
  }
}

extension FileSettings {
  /// Whether accounts beside its owner and group may read it.
  fileprivate var isOpenToAll: Bool { (mode ?? Defaults.fileMode) & 0o007 != 0 }
}

extension IdentitySource {
  func identity(of keystore: KeystoreSettings, _ state: KeystoreState, _ inventory: Inventory) -> IdentityState? {
    if case .serviceKey(let name) = self { return inventory.serviceKeys[name]?.identity }
    return keystore.ownIdentity(in: state)
  }

  /// "service key cpi-sender", "the self-signed certificate", "the PEM files".
  var phrase: String {
    switch self {
    case .serviceKey(let name): "service key \(name)"
    case .selfSigned: "its own key"
    case .pem(let files): "\(files.certificate) and \(files.key)"
    }
  }
}
