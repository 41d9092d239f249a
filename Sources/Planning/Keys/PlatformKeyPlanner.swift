// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// Says what is to be done for a service key that is made on the platform.
package enum PlatformKeyPlanner {
  package enum Decision: Sendable, Equatable {
    /// A rotation begins; the key in force, if any, ends at `notAfter`.
    case begin(KeyRotation, Reason)
    case act(KeyAction)
    /// The rotation is over and is put away.
    case finish
    /// The keys on the platform are compared with those that are known.
    case survey(Reason)
    case wait(until: Date?)
  }

  /// What is to be done now; with `wait`, when to ask again.
  package static func decide(
    _ serviceKey: ServiceKeySettings, _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> Decision {
    let state = inventory.serviceKeys[serviceKey.name] ?? SourceState()
    let rotation = rotation(serviceKey, configuration, inventory, now: now)
    guard case .wait(let next) = rotation else { return rotation }
    // Nothing is compared as long as there is nothing to compare it with.
    guard state.identity != nil || state.keys.contains(where: { $0.role == .givenUp }) else {
      return .wait(until: next)
    }
    let survey = surveyTime(serviceKey, state, configuration, inventory, now: now)
    guard survey > now else { return .survey(.attempt(state.schedule, now: now)) }
    return .wait(until: next.map { min($0, survey) } ?? survey)
  }

  /// What a rotation of this key depends on.
  ///
  /// - Parameters:
  ///   - serviceKey: which one.
  ///   - configuration: as it is in force.
  ///   - inventory: what is known.
  ///   - installation: as it stands in the labels of its keys.
  ///   - now: the wall clock.
  /// - Returns: its settings, and what keystores hold now.
  package static func context(
    _ serviceKey: ServiceKeySettings, _ configuration: Configuration, _ inventory: Inventory, installation: String = "",
    now: Date
  ) -> KeyRotationContext {
    let state = inventory.serviceKeys[serviceKey.name] ?? SourceState()
    var context = KeyRotationContext(
      installation: installation, base: serviceKey.source.platformKey?.base ?? serviceKey.name,
      adopted: serviceKey.source.platformKey?.adopted, overlap: serviceKey.overlap,
      verifyPatience: serviceKey.verifyPatience,
      deletesFirst: serviceKey.replacement == .deleteFirst,
      jitter: Jitter(installation: inventory.installation, kind: "key/", name: serviceKey.name),
      validity: serviceKey.source.platformKey?.validity)
    let old = state.keys.first { $0.guid == state.rotation?.predecessor?.guid }
    // Of all that is planned again and again, few keys may go at last.
    if let old, state.rotation?.mayDeletePredecessor(now: now) == true {
      context.holders = holders(of: old, serviceKey.name, configuration, inventory, now: now)
    }
    context.isPredecessorDeleted = old?.role == .deleted
    if context.deletesFirst { context.deletionWindow = DeletionWindow.wait(state, configuration, inventory, now: now) }
    switch state.rotation?.state {
    case .delivered(_, let certificate, _), .verified(_, let certificate), .deleting(_, let certificate, _):
      let identity = state.identity.flatMap { $0.leafNotAfter == certificate.notAfter ? $0 : nil }
      context.successorDue =
        state.request == nil
        ? identity.map { RenewalPoint.due($0, renewBefore: serviceKey.renewBefore, now: now) }
          ?? RenewalPoint.due(
            notBefore: certificate.notBefore, notAfter: certificate.notAfter, renewBefore: serviceKey.renewBefore)
        : .distantPast
    default: break
    }
    return context
  }

  /// The keystores whose files hold this key now.
  package static func keystores(
    holding key: PlatformKeyState, _ configuration: Configuration, _ inventory: Inventory
  ) -> [String] {
    key.leaf.flatMap { keystoresByLeaf(configuration, inventory)[$0] } ?? []
  }

  /// The keystores that shall hold the identity of this service key and do not, or not undamaged.
  ///
  /// A keystore that still has what it took over from a PSE of others is not waited for.
  package static func keystoresBehind(
    _ serviceKey: String, _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> [String] {
    let leaf = inventory.serviceKeys[serviceKey]?.identity?.leaf
    return users(of: serviceKey, configuration).filter { keystore in
      guard let leaf, let state = inventory.keystores[keystore.name] else { return true }
      guard keystore.identityInForce(inventory, now: now)?.leaf == leaf else { return false }
      return state.damage != nil || state.current?.identity?.leaf != leaf
    }.map(\.name)
  }

  /// When the first of these keystores may change, where all of them wait for their change windows; nil otherwise.
  package static func firstWindow(
    of keystores: [String], _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> Date? {
    let windows = keystores.compactMap { name in
      configuration.keystore(named: name).flatMap { WriteWindow.wait(of: $0, inventory, now: now)?.until }
    }
    return windows.count == keystores.count ? windows.min() : nil
  }

  private static func users(of serviceKey: String, _ configuration: Configuration) -> [KeystoreSettings] {
    configuration.keystores.filter { $0.identity == .serviceKey(serviceKey) }
  }

  private static func rotation(
    _ serviceKey: ServiceKeySettings, _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> Decision {
    let state = inventory.serviceKeys[serviceKey.name] ?? SourceState()
    guard var rotation = state.rotation else { return beginning(serviceKey, state, now: now) }
    // What a keystore was waited for need not wait for a time any more.
    if case .verified = rotation.state, case .waiting = rotation.standing,
      keystoresBehind(serviceKey.name, configuration, inventory, now: now).isEmpty
    {
      rotation = rotation.released()
    }
    let context = context(serviceKey, configuration, inventory, now: now)
    // A window may open earlier than it was to, when somebody changes the configuration.
    if rotation.awaitsWindow == true, context.deletionWindow == nil { rotation = rotation.released() }
    switch rotation.next(context, now: now) {
    case .act(let action): return .act(action)
    case .wait(let until, _): return .wait(until: until)
    case .finished: return .finish
    }
  }

  private static func beginning(_ serviceKey: ServiceKeySettings, _ state: SourceState, now: Date) -> Decision {
    guard let identity = state.identity else {
      return .begin(KeyRotation(predecessor: nil, dueAt: now, now: now), .noKeyYet)
    }
    let inForce = state.keys.first { $0.role == .inForce }
    let predecessor = KnownKey(
      guid: inForce?.guid, name: inForce?.name, owner: inForce?.owner ?? .foreign, notBefore: identity.notBefore,
      notAfter: identity.notAfter)
    if let request = state.request {
      return .begin(KeyRotation(predecessor: predecessor, dueAt: now, now: now), .requested(request))
    }
    let due = RenewalPoint.due(identity, renewBefore: serviceKey.renewBefore, now: now)
    guard due <= now else { return .wait(until: due) }
    return .begin(
      KeyRotation(predecessor: predecessor, dueAt: due, now: now),
      .renewalPoint(of: identity, now: now))
  }

  /// With the rhythm of looking, and when the overlap of a key is over.
  static func surveyTime(
    _ serviceKey: ServiceKeySettings, _ state: SourceState, _ configuration: Configuration, _ inventory: Inventory,
    now: Date
  ) -> Date {
    let cadence = Cadence.surveying(
      serviceKey.name, serviceKey, configuration.defaults, installation: inventory.installation)
    let usual = cadence.due(state.schedule, now: now) ?? now
    guard state.schedule.failures == 0, let last = state.schedule.lastAttempt else { return usual }
    let ends = state.keys.filter { [.retiring, .givenUp].contains($0.role) }.compactMap(\.overlapEnds).filter {
      $0 > last
    }.min()
    return ends.map { min($0, usual) } ?? usual
  }
}
