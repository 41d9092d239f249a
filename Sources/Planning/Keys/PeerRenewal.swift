// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// Notices that another installation has renewed a service key that both use.
///
/// Whoever renews deletes the key before when the overlap is over. An installation that waited until its own renewal is due
/// would still use that one.
package enum PeerRenewal {
  /// Why a rotation begins that follows another installation.
  package static let reason = Reason.requested("another installation has renewed the key")

  /// The rotation that takes the newest key of another installation, if that was made after the one in force.
  ///
  /// Only one certain key is meant, and none is ever made here, so that two installations do not renew in turns. A key that
  /// turns out to end no later than the one in force, or to be of no use, is given up and not looked at again.
  ///
  /// - Parameters:
  ///   - keys: as the platform lists them.
  ///   - serviceKey: which one.
  ///   - state: what is known of it.
  ///   - installation: as it stands in the labels of this installation's keys.
  ///   - now: the wall clock.
  /// - Returns: nil when there is nothing to follow.
  package static func rotation(
    _ keys: [ListedKey], _ serviceKey: ServiceKeySettings, _ state: SourceState, installation: String, now: Date
  ) -> KeyRotation? {
    guard serviceKey.replacement != .deleteFirst, state.request == nil, state.rotation?.isResting != false,
      let platformKey = serviceKey.source.platformKey, let identity = state.identity,
      let inForce = state.keys.first(where: { $0.role == .inForce }), isReplaceable(inForce, platformKey.adopted),
      let birth = keys.first(where: { $0.guid == inForce.guid })?.createdAt
    else { return nil }
    let known = Set(state.keys.filter { $0.role != .inFlight }.map(\.guid))
    let newer = keys.filter { key in
      key.installation.map { $0 != installation } ?? false && key.base == platformKey.base && key.state == .ready
        && !key.isGivenUp && !known.contains(key.guid) && key.createdAt.map { $0 > birth } ?? false
    }
    guard let newest = newer.max(by: { ($0.createdAt ?? birth) < ($1.createdAt ?? birth) }) else { return nil }
    let predecessor = KnownKey(
      guid: inForce.guid, name: inForce.name, owner: inForce.owner, notBefore: identity.notBefore,
      notAfter: identity.notAfter)
    return .adopting(
      NewKey(guid: newest.guid, name: newest.name, owner: .foreign), predecessor: predecessor, now: now)
  }

  /// A key that an operator put in force stays; one that the configuration names is for the beginning only.
  private static func isReplaceable(_ inForce: PlatformKeyState, _ adopted: String?) -> Bool {
    inForce.owner != .named || adopted.map { $0 == inForce.guid || $0 == inForce.name } ?? false
  }
}
