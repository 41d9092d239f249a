// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Host
import Ledger
import Logging
import Planning
package import ServiceKeys
import Settings

/// What an operator may ask of keys on the platform; the daemon does it.
package struct PlatformKeyControl: Sendable {
  private let context: RotationContext
  private let access: PlatformAccess
  private let rotations: KeyRotationRunner
  private let progress: KeyProgressBoard
  private let bell: Bell

  init(
    context: RotationContext, access: PlatformAccess, rotations: KeyRotationRunner, progress: KeyProgressBoard,
    bell: Bell
  ) {
    self.context = context
    self.access = access
    self.rotations = rotations
    self.progress = progress
    self.bell = bell
  }

  /// Has a service key renewed: the renewal that is under way goes on at once, or, with `now`, one begins whatever the
  /// end of the key in force says.
  ///
  /// Without `now` one begins, too, when the platform no longer has the key in force.
  ///
  /// A login that the platform refused is tried again where that cannot lock a user (``LoginState/mayBePardoned(_:_:now:)``):
  /// whoever asks may have had the user unlocked.
  ///
  /// - Parameters:
  ///   - name: of the service key in the configuration.
  ///   - now: begin even though no renewal is due.
  /// - Returns: what happens from now on, up to ``KeyProgress/ended(succeeded:_:)``.
  /// - Throws: ``Refusal``.
  package func renew(_ name: String, now: Bool) async throws(Refusal) -> AsyncStream<KeyProgress> {
    let settings = try await platformKey(name)
    let state = await context.landscape.inventory.serviceKeys[name] ?? SourceState()
    let isUnderWay = state.rotation.map { !$0.isResting } ?? (state.identity == nil)
    var reason = "an operator asked for a new key"
    var isLost = false
    if !isUnderWay, !now, let identity = state.identity {
      let due = RenewalPoint.due(identity, renewBefore: settings.renewBefore, now: context.clock.now())
      if due > context.clock.now() {
        guard let lost = try await lostKey(of: name) else { throw .notDue(name, until: due) }
        reason = "the service instance no longer has the key \(lost)"
        isLost = true
      }
    }
    let stream = progress.follow(name)
    do throws(PlatformFailure) {
      try await access.pardonLogin(of: settings)
    } catch {
      // The renewal meets the same obstacle, and ends with it.
      context.logger.warning("whether the login of \(name) was refused cannot be forgotten: \(error)")
    }
    await context.landscape.update { [reason, isLost, now = context.clock.now()] inventory in
      if isUnderWay {
        let urged = inventory.serviceKeys[name]?.rotation?.urged(now: now)
        inventory.serviceKeys[name]?.rotation = urged
      } else {
        inventory.serviceKeys[name]?.request = reason
        inventory.serviceKeys[name]?.isLossToTell = isLost
      }
    }
    bell.ring()
    return stream
  }

  /// The name of the key in force, if the platform does not list it; then a new one is made soon.
  ///
  /// - Throws: ``Refusal``.
  package func lostKey(of name: String) async throws(Refusal) -> String? {
    guard await keyToMiss(name) != nil else { return nil }
    return try await look(name).lost
  }

  /// The key in force, where nobody is about to replace it.
  private func keyToMiss(_ name: String) async -> PlatformKeyState? {
    let state = await context.landscape.inventory.serviceKeys[name]
    return state?.rotation?.isResting != false ? state?.keys.first { $0.role == .inForce } : nil
  }

  /// The keys of the service instance, as the platform lists them now: ours and others'.
  ///
  /// Where the key in force is not among them, a new one is made soon.
  ///
  /// - Throws: ``Refusal``.
  package func keys(of name: String) async throws(Refusal) -> [KeyListing] { try await look(name).keys }

  /// The keys as the platform lists them now, and the name of the one in force if it is not among them, which has all of
  /// them compared with those that are known.
  private func look(_ name: String) async throws(Refusal) -> (keys: [KeyListing], lost: String?) {
    let settings = try await platformKey(name)
    let inForce = await keyToMiss(name)
    let keys: [PlatformKey]
    do throws(PlatformFailure) {
      let reached = try await access.reach(settings, nil)
      keys = try await reached.platform.keys(of: reached.instance)
    } catch {
      throw .platform(error)
    }
    let lost = inForce.flatMap { key in keys.contains { $0.guid == key.guid } ? nil : key.name }
    if let lost {
      await context.landscape.update {
        $0.serviceKeys[name]?.schedule.release(because: "the key \(lost) is not listed any more")
      }
      bell.ring()
    }
    let configuration = await context.landscape.configuration
    let inventory = await context.landscape.inventory
    let listed = keys.map { ListedKey($0, isGivenUp: false) }
    let now = context.clock.now()
    let knowledge = KeySurveyor.knowledge(settings, configuration, inventory, now: now)
    let orphans =
      OrphanPlanner.orphans(listed, knowledge, now: now) + OrphanPlanner.restingOrphans(listed, knowledge, now: now)
    let mark = PlatformAccess.mark(of: settings, configuration)
    let neighbours = KeyNeighbours(of: settings, configuration, inventory)
    let known = inventory.serviceKeys[name]?.keys ?? []
    let listings = keys.map { key in
      let record = known.first { $0.guid == key.guid }
      return KeyListing(
        key, notAfter: record?.notAfter,
        standing: .init(
          key, record, rotation: inventory.serviceKeys[name]?.rotation, orphan: orphans.first { $0.guid == key.guid },
          neighbour: neighbours.user(of: key), mark: mark, holders: knowledge.used[key.guid]),
        mark: mark)
    }
    return (listings, lost)
  }

  /// Puts a key that exists on the platform in force, once it was examined and verified; its credentials are read once.
  ///
  /// From then on it is treated as if certrotd had made it, and deleted when it was replaced. A renewal that waits and has
  /// no key on the platform gives way to it.
  ///
  /// - Parameters:
  ///   - key: a name or a GUID.
  ///   - name: of the service key in the configuration.
  ///   - force: even though it ends no later than the one in force.
  /// - Returns: what happens from now on.
  /// - Throws: ``Refusal``.
  package func adopt(
    _ key: String, as name: String, force: Bool = false
  ) async throws(Refusal) -> AsyncStream<KeyProgress> {
    let settings = try await platformKey(name)
    let listed = try await keys(of: name)
    guard let found = listed.first(where: { $0.guid == key }) ?? listed.first(where: { $0.name == key }) else {
      throw .noSuchKey(key)
    }
    guard found.state == .ready else { throw .notReady(found.name) }
    let state = await context.landscape.inventory.serviceKeys[name] ?? SourceState()
    let waiting = state.rotation.flatMap { $0.isResting ? nil : $0 }
    if let why = waiting?.reasonToGoOn(listed: Set(listed.map(\.name)), now: context.clock.now()) {
      throw .underWay(name, why: why)
    }
    let inForce = state.keys.first { $0.role == .inForce }
    guard inForce?.guid != found.guid else { throw .inForce(found.name) }
    let known = state.keys.first { $0.guid == found.guid }
    if !force, waiting?.isPredecessorGone != true, let end = known?.notAfter, let identity = state.identity,
      end <= identity.notAfter
    {
      // What is known already is not read for once more.
      throw .endsNoLater(found.name, IdentityFault.endsNoLater(new: end, old: identity.notAfter))
    }
    let predecessor = state.identity.map {
      KnownKey(
        guid: inForce?.guid, name: inForce?.name, owner: inForce?.owner ?? .foreign, notBefore: $0.notBefore,
        notAfter: $0.notAfter)
    }
    let new = NewKey(guid: found.guid, name: found.name, owner: found.ownerOnceAdopted(known))
    // Whoever tends the key now must not be disturbed, and nobody may begin to meanwhile.
    let busy = Refusal.underWay(name, why: "a step of it is being taken; ask again in a moment")
    guard await context.landscape.begin(.tendServiceKey(name)) else { throw busy }
    let begun = await context.landscape.inventory.serviceKeys[name]?.rotation
    guard begun == state.rotation || (begun == nil && waiting == nil) else {
      await context.landscape.end(CollectionOfOne(.tendServiceKey(name)))
      throw busy
    }
    let stream = progress.follow(name)
    let failure: String?
    do {
      let now = context.clock.now()
      let rotation =
        waiting?.givingWay(to: new, known: known, mayEndEarlier: force, now: now)
        ?? KeyRotation.adopting(new, known: known, predecessor: predecessor, mayEndEarlier: force, now: now)
      try await rotations.begin(rotation, settings, because: .requested("an operator adopts the key \(found.name)"))
      failure = nil
    } catch {
      failure = String(describing: error)
    }
    await context.landscape.end(CollectionOfOne(.tendServiceKey(name)))
    if let failure { throw .notRecorded(failure) }
    bell.ring()
    return stream
  }

  private func platformKey(_ name: String) async throws(Refusal) -> ServiceKeySettings {
    guard let settings = await context.landscape.configuration.serviceKey(named: name) else { throw .unknown(name) }
    guard settings.source.platformKey != nil else { throw .droppedIn(name) }
    return settings
  }

  /// Why nothing was done.
  package enum Refusal: Error, Sendable, Hashable {
    case unknown(String)
    /// It is dropped in as a file.
    case droppedIn(String)
    case notDue(String, until: Date)
    case noSuchKey(String)
    case notReady(String)
    /// A renewal goes on that does not give way.
    case underWay(String, why: String)
    case inForce(String)
    /// It is known to end no later than the one in force.
    case endsNoLater(String, IdentityFault)
    case platform(PlatformFailure)
    case notRecorded(String)
    /// So many others are being looked at.
    case tooManyLooks(Int)
  }
}

extension PlatformKeyControl.Refusal: CustomStringConvertible {
  /// One sentence without its full stop.
  package var description: String {
    switch self {
    case .unknown(let name): "the configuration has no service key \(name)"
    case .droppedIn(let name):
      "the service key \(name) is dropped in as a file and not made on a platform: put a new file in place"
    case .notDue(let name, let until):
      "the service key \(name) is not due before \(TimeText.instant(until)); --now renews it all the same"
    case .noSuchKey(let key): "the service instance has no key \(key)"
    case .notReady(let key): "the key \(key) is not complete on the platform"
    case .underWay(let name, let why): "the service key \(name) is being renewed: \(why)"
    case .inForce(let key): "the key \(key) is in force already"
    case .endsNoLater(let key, let fault):
      "the key \(key) is not taken over: \(fault)\(fault.insistence("key adopt").map { ": \($0)" } ?? "")"
    case .platform(let failure): failure.words
    case .notRecorded(let reason): "the ledger does not take it: \(reason)"
    case .tooManyLooks(let most): "the keys of \(most) service keys are being listed already: ask again in a moment"
    }
  }
}
