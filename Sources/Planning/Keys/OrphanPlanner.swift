// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Finds keys on the platform that certrotd made and that nothing uses.
package enum OrphanPlanner {
  /// What the ledger knows of one service key.
  package struct Knowledge: Sendable, Hashable {
    package var installation: String
    package var base: String
    /// The key in force, if its GUID is known.
    package var inForce: String?
    /// The keys of a rotation that is not finished: the new one, and the one that it replaces.
    package var inFlight: Set<String>
    /// Keys that keystores hold, with the keystores' names.
    package var used: [String: [String]]
    /// Ends of the certificates of keys that were seen.
    package var ends: [String: Date]
    /// Ends of the overlaps of keys that were in force.
    package var overlaps: [String: Date]

    package init(
      installation: String, base: String, inForce: String?, inFlight: Set<String> = [], used: [String: [String]] = [:],
      ends: [String: Date] = [:], overlaps: [String: Date] = [:]
    ) {
      self.installation = installation
      self.base = base
      self.inForce = inForce
      self.inFlight = inFlight
      self.used = used
      self.ends = ends
      self.overlaps = overlaps
    }
  }

  package struct Orphan: Sendable, Hashable {
    package var guid: String
    package var name: String
    /// Why it stays for now; nil when it may be deleted.
    package var refusal: KeyRemoval.Refusal?
  }

  /// The keys of the list that carry this installation's mark for this service key and are neither in force nor in flight.
  ///
  /// A key that is younger than an hour is left alone: it may belong to a step that the ledger does not know yet.
  package static func orphans(_ keys: [ListedKey], _ knowledge: Knowledge, now: Date) -> [Orphan] {
    let valid = knowledge.ends.filter { $0.value > now }.keys
    return keys.compactMap { key in
      guard key.installation == knowledge.installation, key.base == knowledge.base, key.guid != knowledge.inForce,
        !knowledge.inFlight.contains(key.guid), key.state != .deleting,
        now.timeIntervalSince(key.createdAt ?? .distantPast) >= (key.state == .creating ? longestMaking : youth)
      else { return nil }
      let removal = KeyRemoval(
        owner: .ours, isInForce: false, isInFlight: false, keystores: knowledge.used[key.guid] ?? [],
        overlapEnds: knowledge.overlaps[key.guid],
        otherValidKeys: valid.count { $0 != key.guid },
        // What was never complete was never valid.
        ends: neverValid.contains(key.state) ? .distantPast : knowledge.ends[key.guid])
      return Orphan(guid: key.guid, name: key.name, refusal: removal.refusal(now: now))
    }
  }

  /// A platform that has not finished a key within a week does not finish it at all; seconds.
  private static let longestMaking: TimeInterval = 7 * 86_400
  private static let neverValid: Set<ListedKey.State> = [.createFailed, .creating]
  /// Seconds.
  private static let youth: TimeInterval = 3600
}
