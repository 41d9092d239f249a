// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Planning
package import ServiceKeys

/// A key of a service instance, with what it is to this installation.
package struct KeyListing: Sendable, Hashable {
  package enum Standing: Sendable, Hashable {
    case inForce
    /// It is about to be put in force.
    case inFlight
    /// It was in force, and is deleted then; nil when the platform is to be asked first.
    ///
    /// `obstacle` says which keystores it has to stay for now, in a sentence.
    case retiring(until: Date?, obstacle: String?)
    /// This installation made it and nothing uses it; why it stays, nil when it is deleted next.
    case orphan(String?)
    /// Another service key of the configuration uses it, or it was made for that.
    case neighbour(String)
    /// This installation made it, for a service key that the configuration does not name; what its name begins with.
    case ours(base: String)
    /// Another certrotd made it.
    case peer(installation: String)
    /// certrotd did not make it.
    case other

    /// Who may delete it once this installation has put it in force by an operator's word.
    var ownerOnceAdopted: KeyOwner {
      switch self {
      case .inForce, .inFlight, .retiring, .orphan, .ours: .ours
      // Whoever else uses it deletes it in its own time.
      case .peer, .neighbour: .foreign
      case .other: .named
      }
    }
  }

  /// Who may delete it once this installation has put it in force by an operator's word.
  ///
  /// What was adopted before and is still to be deleted here stays what it was: it carries no mark.
  func ownerOnceAdopted(_ known: PlatformKeyState?) -> KeyOwner {
    if let known, known.role == .retiring { known.owner } else { standing.ownerOnceAdopted }
  }

  package var guid: String
  package var name: String
  package var state: PlatformKey.State
  /// By the platform's clock.
  package var createdAt: Date?
  /// The end of its certificate; nil for one that this installation has not seen.
  package var notAfter: Date?
  package var standing: Standing
  /// Which other certrotd made it, whatever it is to this one; nil for one of this installation, and of nobody.
  package var peer: String?

  init(_ key: PlatformKey, notAfter: Date?, standing: Standing, mark: KeyMark) {
    guid = key.guid
    name = key.name
    state = key.state
    createdAt = key.createdAt
    self.notAfter = notAfter
    self.standing = standing
    peer = key.mark.flatMap { $0.installation == mark.installation ? nil : $0.installation }
  }
}

extension KeyListing.Standing {
  init(
    _ key: PlatformKey, _ known: PlatformKeyState?, rotation: KeyRotation? = nil, orphan: OrphanPlanner.Orphan?,
    neighbour: String?, mark: KeyMark, holders: KeyHolders? = nil
  ) {
    let isOwn = key.mark == mark
    switch known?.role {
    case .inForce: self = .inForce
    case .inFlight: self = .inFlight
    case .retiring: self = .retiring(until: known?.overlapEnds, obstacle: holders?.refusal.map { "\($0)" })
    case .givenUp, .deleted, nil:
      if isOwn, key.name == rotation?.nameInTheMaking {
        // Its GUID is not known before the platform has answered.
        self = .inFlight
      } else if isOwn, rotation?.keyInTheWay == key.guid {
        self = .orphan(nil)
      } else if let neighbour {
        self = .neighbour(neighbour)
      } else if let orphan {
        self = .orphan(orphan.refusal.map { "\($0)" })
      } else if let owner = key.mark {
        self =
          owner.installation == mark.installation
          ? .ours(base: owner.base) : .peer(installation: owner.installation)
      } else {
        self = .other
      }
    }
  }
}
