// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// What the ledger knows of one key on the platform.
package struct PlatformKeyState: Sendable, Hashable {
  package enum Role: String, Sendable, Hashable, Codable {
    /// A rotation is about to put it in force.
    case inFlight
    case inForce
    /// It was in force, and is deleted when its overlap is over.
    case retiring
    /// It is of no use.
    case givenUp
    case deleted
  }

  package var guid: String
  package var name: String
  package var owner: KeyOwner
  package var role: Role
  /// Its certificate; nil when nobody has seen it.
  package var leaf: Fingerprint?
  package var notBefore: Date?
  package var notAfter: Date?
  package var overlapEnds: Date?

  package init(
    guid: String, name: String, owner: KeyOwner, role: Role, leaf: Fingerprint? = nil, notBefore: Date? = nil,
    notAfter: Date? = nil, overlapEnds: Date? = nil
  ) {
    self.guid = guid
    self.name = name
    self.owner = owner
    self.role = role
    self.leaf = leaf
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.overlapEnds = overlapEnds
  }
}

extension KeyRotation {
  /// Whether the new key is in force, and only the old one's end is waited for.
  package var isResting: Bool {
    switch state {
    case .delivered, .deleting, .done, .abandoned: true
    default: false
    }
  }

  /// When it goes on by itself; nil when its next step is due.
  package var waitsUntil: Date? {
    switch standing {
    case .ready: nil
    case .waiting(let until, _): until
    case .failed(let failure): failure.next
    }
  }

  /// Takes a key that is on the platform already, and no other, in place of the one in force.
  ///
  /// - Parameters:
  ///   - key: it is not asked for again than once its credentials are held.
  ///   - known: what the ledger knows of it, and knows of it again if it is refused; nil where it knows nothing.
  ///   - predecessor: the key in force, if there is one.
  ///   - mayEndEarlier: even though it ends no later than that.
  ///   - now: the wall clock.
  /// - Returns: a rotation whose next step reads the key.
  package static func adopting(
    _ key: NewKey, known: PlatformKeyState? = nil, predecessor: KnownKey?, mayEndEarlier: Bool = false, now: Date
  ) -> KeyRotation {
    var rotation = KeyRotation(predecessor: predecessor, dueAt: now, now: now)
    rotation.state = .created(key)
    rotation.isAdoption = predecessor != nil
    rotation.mayEndEarlier = mayEndEarlier
    rotation.adoptee = known.flatMap { $0.role == .inFlight ? nil : Adoptee(guid: $0.guid, role: $0.role) }
    return rotation
  }
}
