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
    /// The name of a key that is being made.
    package var nameInFlight: String?
    /// Keys that were examined or tried and found to be of no use: nobody ever logged in with them.
    package var useless: Set<String>
    /// Keys that keystores hold, or may have to go back to.
    package var used: [String: KeyHolders]
    /// Keystores of this service key whose identity belongs to no key that is known; it has not ended.
    package var strangers: [String] = []
    /// Keys whose certificates are known, so that nobody has to wonder who holds them.
    package var seen: Set<String> = []
    /// Ends of the certificates of keys that are or were in force.
    package var ends: [String: Date]
    /// Ends of the overlaps of keys that were in force.
    package var overlaps: [String: Date]
    /// How long a useless key is left to other installations, which may have found it good; seconds.
    package var overlap: TimeInterval

    package init(
      installation: String, base: String, inForce: String?, inFlight: Set<String> = [], nameInFlight: String? = nil,
      useless: Set<String> = [], used: [String: KeyHolders] = [:], ends: [String: Date] = [:],
      overlaps: [String: Date] = [:], overlap: TimeInterval = 0
    ) {
      self.installation = installation
      self.base = base
      self.inForce = inForce
      self.inFlight = inFlight
      self.nameInFlight = nameInFlight
      self.useless = useless
      self.used = used
      self.ends = ends
      self.overlaps = overlaps
      self.overlap = overlap
    }

    /// Keystores that may hold a key, though nobody can tell.
    package func possibleHolders(of guid: String) -> [String] { seen.contains(guid) ? [] : strangers }
  }

  /// When the first key is old enough that is left alone for its youth; nil without any.
  package static func nextOfAge(_ keys: [ListedKey], _ knowledge: Knowledge, now: Date) -> Date? {
    leftovers(keys, knowledge).compactMap { $0.state == .deleting ? nil : restsUntil($0, knowledge, now: now) }.min()
  }

  package struct Orphan: Sendable, Hashable {
    package var guid: String
    package var name: String
    /// Whether somebody may have got its credentials; one that was never complete serves nobody.
    package var mayBeUsed: Bool
    /// Why it stays for now; nil when it may be deleted.
    package var refusal: KeyRemoval.Refusal?
  }

  /// The keys of the list that carry this installation's mark for this service key and are neither in force nor in flight.
  ///
  /// A key that is younger than an hour is left alone, unless it is known to rest or to be of no use: it may belong to a step
  /// that the ledger does not know yet.
  package static func orphans(_ keys: [ListedKey], _ knowledge: Knowledge, now: Date) -> [Orphan] {
    // Of several that could go, the one that lasts longest counts for the others as one that stays.
    var valid = validKeys(keys, knowledge, now: now)
    let leftovers = leftovers(keys, knowledge).sorted {
      (knowledge.ends[$0.guid] ?? .distantPast) < (knowledge.ends[$1.guid] ?? .distantPast)
    }
    return leftovers.compactMap { key in
      guard key.state != .deleting, restsUntil(key, knowledge, now: now) == nil else { return nil }
      let isUseless = knowledge.useless.contains(key.guid)
      let isLeftToOthers = isUseless && key.state == .ready
      let removal = KeyRemoval(
        owner: .ours, isInForce: false, isInFlight: false, holders: knowledge.used[key.guid] ?? KeyHolders(),
        possibleHolders: neverValid.contains(key.state) || isUseless ? [] : knowledge.possibleHolders(of: key.guid),
        overlapEnds: knowledge.overlaps[key.guid]
          ?? (isLeftToOthers ? key.createdAt?.addingTimeInterval(knowledge.overlap) : nil),
        otherValidKeys: valid.count { $0 != key.guid },
        // What was never complete, or of no use, was never valid.
        ends: neverValid.contains(key.state) || isUseless ? .distantPast : knowledge.ends[key.guid])
      var refusal = removal.refusal(now: now)
      if case .overlap(let until) = refusal, isLeftToOthers, knowledge.overlaps[key.guid] == nil {
        refusal = .leftToOthers(until: until)
      }
      if refusal == nil { valid.remove(key.guid) }
      return Orphan(
        guid: key.guid, name: key.name, mayBeUsed: !neverValid.contains(key.state), refusal: refusal)
    }
  }

  /// Those keys that ``orphans(_:_:now:)`` leaves alone although nothing is known to use them, for somebody who looks.
  package static func restingOrphans(_ keys: [ListedKey], _ knowledge: Knowledge, now: Date) -> [Orphan] {
    leftovers(keys, knowledge).compactMap { key in
      let refusal: KeyRemoval.Refusal
      if key.state == .deleting {
        refusal = .goes
      } else if let until = restsUntil(key, knowledge, now: now) {
        refusal = .young(until: until)
      } else {
        return nil
      }
      return Orphan(guid: key.guid, name: key.name, mayBeUsed: !neverValid.contains(key.state), refusal: refusal)
    }
  }

  /// The keys of this installation for this service key that are neither in force nor in flight.
  private static func leftovers(_ keys: [ListedKey], _ knowledge: Knowledge) -> [ListedKey] {
    keys.filter { key in
      key.installation == knowledge.installation && key.base == knowledge.base && key.guid != knowledge.inForce
        && !knowledge.inFlight.contains(key.guid) && key.name != knowledge.nameInFlight
    }
  }

  /// Until when a key is left alone for its youth; nil when it is not.
  private static func restsUntil(_ key: ListedKey, _ knowledge: Knowledge, now: Date) -> Date? {
    guard knowledge.overlaps[key.guid] == nil, let createdAt = key.createdAt else { return nil }
    // Of one that was tried, the ledger knows every step.
    if key.state != .creating, knowledge.useless.contains(key.guid) { return nil }
    let until = createdAt.addingTimeInterval(key.state == .creating ? longestMaking : youth)
    return until > now ? until : nil
  }

  /// The keys that would still work if another one went: the platform has them, and certrotd has used them.
  package static func validKeys(_ keys: [ListedKey], _ knowledge: Knowledge, now: Date) -> Set<String> {
    Set(keys.filter { $0.state == .ready && knowledge.ends[$0.guid].map { $0 > now } ?? false }.map(\.guid))
      .subtracting(knowledge.useless)
  }

  /// A platform that has not finished a key within a week does not finish it at all; seconds.
  private static let longestMaking: TimeInterval = 7 * 86_400
  private static let neverValid: Set<ListedKey.State> = [.createFailed, .creating]
  /// Seconds.
  private static let youth: TimeInterval = 3600
}
