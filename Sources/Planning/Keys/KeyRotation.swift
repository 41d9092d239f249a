// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The replacement of one service key by a new one from the platform: what was done, what is intended, what went wrong.
///
/// Pure. Whoever carries it out asks ``next(_:now:)``, records what ``intending(_:now:)`` returns, acts, and records what
/// ``applying(_:_:now:)`` makes of the outcome; a crash anywhere between leaves a state from which `next` goes on.
/// The ledger keeps it as JSON, so that a renamed case or member is another version of ``KeyRotationText``.
package struct KeyRotation: Sendable, Hashable, Codable {
  package internal(set) var state: State
  /// The key in force when it began; nil for the first one.
  package var predecessor: KnownKey?
  /// When renewal became due, which also names the first new key.
  package var dueAt: Date
  package var begunAt: Date
  /// When `state` was entered.
  package internal(set) var since: Date
  package internal(set) var standing: Standing
  /// How many names were reserved.
  package internal(set) var attempts = 0
  /// Keys on the platform that turned out to be of no use, by GUID.
  package internal(set) var discarded: Set<String> = []
  /// Since when it does not get on; nil while it does.
  package internal(set) var failingSince: Date?
  /// How often a deletion failed.
  package internal(set) var failedDeletions = 0
  /// How often the platform listed the new key as complete and gave no credentials.
  package internal(set) var withheld = 0
  /// How often the platform's answer with the new key's credentials could not be read; nil as in ledgers of before.
  package internal(set) var unreadable: Int?
  /// Whether the service instance no longer has the key in force, which certrotd knew there.
  package internal(set) var isPredecessorGone = false
  /// When it was deleted or found to be so; nil as long as it may work, and in ledgers of before.
  package internal(set) var predecessorGoneAt: Date?
  /// Whether that the service instance no longer has it was told when the renewal began; nil as in ledgers of before.
  package var isLossTold: Bool?
  /// Whether certrotd deleted it, since the service allows one key at a time; nil as in ledgers of before.
  package internal(set) var hasDeletedPredecessor: Bool?
  /// Whether it is about one certain key, which an operator asked for or another installation made, and in place of which
  /// no other is made.
  package internal(set) var isAdoption = false
  /// Whether the operator takes that key even though it ends no later than the one in force; nil as in ledgers of before.
  package internal(set) var mayEndEarlier: Bool?
  /// The key that is adopted, as the ledger knew it; nil for one that it did not, and in ledgers of before.
  package internal(set) var adoptee: Adoptee?
  /// Whether the adoption took the place of a renewal that waited, which goes on if the key is refused; nil as in ledgers of
  /// before.
  package internal(set) var isInPlaceOfMaking: Bool?
  /// What failed last, until it works; nil where nothing does, and in ledgers of before.
  package internal(set) var lastCause: Cause?
  /// Whether the new key was found on the platform, where the ledger knew nothing of it; nil as in ledgers of before.
  package internal(set) var isKeyFound: Bool?
  /// Whether it waits for change windows of keystores before the key in force is deleted; nil as in ledgers of before.
  package internal(set) var awaitsWindow: Bool?

  package enum State: Sendable, Hashable, Codable {
    /// Nothing was done yet: who else renews is looked for.
    case due
    /// The old key, or one of no use, is deleted first, since the service allows only one.
    case clearing(guid: String, job: String?)
    /// The name is written down; nothing was sent.
    case reserved(name: String)
    /// The request may have been sent: a key of this name has to be looked for before another request.
    case requesting(name: String)
    /// The platform works on it; without a job, the list of keys tells how far it is.
    case following(name: String, job: String?, guid: String?)
    /// The key is complete on the platform.
    case created(NewKey)
    /// Its credentials may have been read, and are not in the ledger.
    case reading(NewKey)
    /// Its credentials are in the ledger, sealed.
    case held(NewKey)
    /// Its certificate and key were found to be good.
    case examined(NewKey, NewCertificate)
    /// The platform accepts it.
    case verified(NewKey, NewCertificate)
    /// Every keystore that uses the service key holds it; the old key rests until the overlap is over.
    case delivered(NewKey, NewCertificate, overlapEnds: Date)
    /// The old key is being deleted.
    case deleting(NewKey, NewCertificate, job: String?)
    /// Finished; the old key, if it stayed on the platform, has this GUID.
    case done(NewKey, leftBehind: String?)
    /// Finished; the key that an operator wanted is of no use, and the one in force stays.
    case abandoned
  }

  /// A key that the ledger knew before it was adopted: if it is refused, it is again what it was.
  package struct Adoptee: Sendable, Hashable, Codable {
    package var guid: String
    package var role: PlatformKeyState.Role
  }

  /// What failed and how, apart from names, times and anybody's words: the same once more is no news.
  package struct Cause: Sendable, Hashable, Codable {
    /// The state's name in which it failed.
    package var phase: String
    /// What the action came to.
    package var outcome: String
    package var culprit: String
  }

  /// Whether it can go on.
  package enum Standing: Sendable, Hashable, Codable {
    case ready
    case waiting(until: Date, reason: String)
    case failed(Failure)

    /// What went wrong, how often in a row, and when it is tried again.
    package struct Failure: Sendable, Hashable, Codable {
      package var reason: String
      package var culprit: String
      package var attempts: Int
      package var since: Date
      /// When it goes on: at the latest then it is looked whether what failed has changed.
      package var next: Date
      /// Until when a refused login is not sent again, unless it changes; nil for any other failure.
      package var restsUntil: Date?
      /// In how many of `attempts` nothing was sent, since a login rests; nil as in ledgers of before.
      package var heldBack: Int?
      /// What makes the pause longer than the backoff; nil where nothing does, and in ledgers of before.
      package var delay: Delay?

      package enum Delay: String, Sendable, Hashable, Codable {
        /// The platform asked for it.
        case platform
        /// Several keys in a row were of no use.
        case keys
      }

      /// How often it was tried in earnest.
      package var tries: Int { max(0, attempts - (heldBack ?? 0)) }

      /// When the platform is asked again, as far as nobody does anything about it.
      package var nextAttempt: Date { max(next, restsUntil ?? next) }

      /// What comes next, for a sentence that goes on.
      package var prospect: String {
        guard let restsUntil, restsUntil > next else { return "tried again at \(TimeText.instant(next))" }
        return "the login is not tried again before it changes, or before \(TimeText.instant(restsUntil))"
      }
    }
  }

  package init(predecessor: KnownKey?, dueAt: Date, now: Date) {
    state = .due
    self.predecessor = predecessor
    self.dueAt = dueAt
    begunAt = now
    since = now
    standing = .ready
  }

  /// Whether nothing is left to do.
  package var isFinished: Bool {
    switch state {
    case .done, .abandoned: true
    default: false
    }
  }

  /// The new key, once the platform has it.
  package var newKey: NewKey? {
    switch state {
    case .due, .clearing, .reserved, .requesting, .following, .abandoned: nil
    case .created(let key), .reading(let key), .held(let key), .examined(let key, _), .verified(let key, _),
      .delivered(let key, _, _), .deleting(let key, _, _), .done(let key, _):
      key
    }
  }

  /// The state's name, for tables and messages.
  package var phase: String {
    switch state {
    case .due: "due"
    case .clearing: "clearing"
    case .reserved: "reserved"
    case .requesting: "requesting"
    case .following: "following"
    case .created: "created"
    case .reading: "reading"
    case .held: "held"
    case .examined: "examined"
    case .verified: "verified"
    case .delivered: "delivered"
    case .deleting: "deleting"
    case .done: "done"
    case .abandoned: "abandoned"
    }
  }

  /// The name under which a key is being made.
  package var nameInTheMaking: String? {
    switch state {
    case .reserved(let name), .requesting(let name), .following(let name, _, _): name
    default: nil
    }
  }

  /// The GUID of a key that is deleted before another one is made.
  package var keyInTheWay: String? {
    if case .clearing(let guid, _) = state { guid } else { nil }
  }

  /// The keys that it makes, puts in force or replaces, by GUID, as far as they are known.
  package var concerned: Set<String> {
    var guids = [newKey?.guid, predecessor?.guid]
    switch state {
    case .following(_, _, let guid): guids.append(guid)
    case .clearing(let guid, _): guids.append(guid)
    default: break
    }
    return Set(guids.compactMap(\.self))
  }
}

/// A key that was in force before.
package struct KnownKey: Sendable, Hashable, Codable {
  /// Nil when nobody knows which key on the platform it is.
  package var guid: String?
  package var name: String?
  package var owner: KeyOwner
  package var notBefore: Date
  package var notAfter: Date

  package init(guid: String?, name: String?, owner: KeyOwner, notBefore: Date, notAfter: Date) {
    self.guid = guid
    self.name = name
    self.owner = owner
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// Who may delete a key.
package enum KeyOwner: String, Sendable, Hashable, Codable, CaseIterable {
  /// Made and marked by this installation.
  case ours
  /// Named in the configuration, or adopted by an operator's word.
  case named
  /// Made by another installation, or by somebody else.
  case foreign

  package var mayDelete: Bool { self != .foreign }
}

/// A key that shall take the place of another.
package struct NewKey: Sendable, Hashable, Codable {
  package var guid: String
  package var name: String
  /// `foreign` for one that another installation made and this one adopts.
  package var owner: KeyOwner
  /// How often its credentials were asked for: each time is an audit record on the platform.
  package var reads = 0

  package init(guid: String, name: String, owner: KeyOwner, reads: Int = 0) {
    self.guid = guid
    self.name = name
    self.owner = owner
    self.reads = reads
  }
}

/// What examination found.
package struct NewCertificate: Sendable, Hashable, Codable {
  package var serial: String
  package var notBefore: Date
  package var notAfter: Date

  package init(serial: String, notBefore: Date, notAfter: Date) {
    self.serial = serial
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}
