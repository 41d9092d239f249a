// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
package import Settings

/// Whom a keystore trusts: what its endpoints and bundles need now, and for `overlap` what they needed before.
///
/// A failing endpoint keeps its last verified path, and so the need for it. The time of a certificate counts as over at
/// `notAfter` itself.
package enum TrustPlanner {
  package static func wanted(_ keystore: KeystoreSettings, _ inventory: Inventory, now: Date) -> TrustDecision {
    var decision = needed(keystore.trust, inventory)
    let adoption = inventory.keystores[keystore.name].flatMap { keystore.adoption(in: $0) }
    // What is not wanted from the start was trusted until then, and leaves like anything else.
    var leaving: [TrustMember] = []
    for certificate in adoption?.trust ?? [] {
      if keystore.adopt?.without.contains(certificate.fingerprint) == false {
        decision.needed[certificate.fingerprint] = certificate
      } else if let time = adoption?.adoptedAt {
        leaving.append(TrustMember(certificate: certificate, firstNeeded: time, lastNeeded: time))
      }
    }
    decision.wanted = decision.needed.filter { $0.value.notAfter > now }
    var changes = decision.wanted.values.map(\.notAfter)
    let overlap = Cadence.seconds(keystore.overlap)
    let lately = keystore.trust.endpoints.compactMap { inventory.endpoints[$0]?.lately }
    var known = Set<Fingerprint>()
    for member in (inventory.keystores[keystore.name]?.trustMembers ?? []) + leaving
    where known.insert(member.fingerprint).inserted {
      if decision.needed[member.fingerprint] != nil {
        decision.members.append(
          TrustMember(certificate: member.certificate, firstNeeded: member.firstNeeded, lastNeeded: nil))
        continue
      }
      // A bundle that cannot be read may still need it: nothing ages meanwhile.
      let ages = decision.unreadBundles.isEmpty
      var remembered = member
      if ages { remembered.lastNeeded = lastNeeded(member, overlap: overlap, now: now) }
      let leaves = remembered.lastNeeded.map { last in
        lately.compactMap { $0[member.fingerprint] }.reduce(last.addingTimeInterval(overlap), max)
      }
      guard member.certificate.notAfter > now else { continue }
      // What leaves the list stays in memory until it ends: a clock that ran ahead for a moment takes nothing for good.
      decision.members.append(remembered)
      guard !ages || leaves.map({ $0 > now }) ?? true else { continue }
      decision.wanted[member.fingerprint] = member.certificate
      changes.append(member.certificate.notAfter)
      if ages, let leaves {
        changes.append(leaves)
        decision.departures[member.fingerprint] = min(leaves, member.certificate.notAfter)
      }
    }
    for certificate in decision.needed.values.sorted(by: { $0.fingerprint < $1.fingerprint })
    where !known.contains(certificate.fingerprint) {
      decision.members.append(TrustMember(certificate: certificate, firstNeeded: now))
    }
    decision.nextChange = changes.filter { $0 > now }.min()
    return decision
  }

  /// Since when nobody needs a member, for the ledger.
  ///
  /// A time ahead of the clock was written by a clock that ran ahead, or the clock is behind now, as at a start before the
  /// time service. It is corrected only where it would prolong the trust by more than `overlap` and the clock shows a time
  /// at which the member was known: what a clock that lags for a moment stores would end the overlap when it is set.
  private static func lastNeeded(_ member: TrustMember, overlap: TimeInterval, now: Date) -> Date {
    guard let stored = member.lastNeeded else { return now }
    return stored > now + overlap && now >= member.firstNeeded ? now : stored
  }

  private static func needed(_ trust: TrustSettings, _ inventory: Inventory) -> TrustDecision {
    var decision = TrustDecision(
      wanted: [:], needed: [:], neededByPaths: [], unverified: [], unreadBundles: [], members: [])
    for name in trust.endpoints {
      guard let path = inventory.endpoints[name]?.verifiedPath else {
        decision.unverified.append(name)
        continue
      }
      for certificate in path.parts(trust.include) {
        decision.needed[certificate.fingerprint] = certificate
        decision.neededByPaths.insert(certificate.fingerprint)
      }
    }
    for bundle in trust.bundles {
      let path = String(describing: bundle)
      guard let certificates = inventory.bundles[path] else {
        decision.unreadBundles.append(path)
        continue
      }
      for certificate in certificates { decision.needed[certificate.fingerprint] = certificate }
    }
    return decision
  }
}

extension PathState {
  /// The certificates of the path that a trust list takes.
  func parts(_ include: Set<TrustSettings.Part>) -> [KnownCertificate] {
    var parts: [KnownCertificate] = []
    if include.contains(.leaf) { parts.append(leaf) }
    if include.contains(.issuers) { parts += issuers }
    if include.contains(.roots) { parts.append(root) }
    return parts
  }
}
