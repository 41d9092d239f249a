// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// A rotation that is not finished.
package struct RotationRecord: Sendable, Equatable {
  /// The service key's name.
  package var serviceKey: String
  /// The name of its state, for people who look into the ledger.
  package var phase: String
  /// The whole of it, as JSON that says its own version.
  package var state: String
  package var begunAt: Date
  package var changedAt: Date
}

/// What is known of one key on the platform.
package struct PlatformKeyRecord: Sendable, Equatable {
  package enum Owner: String, Sendable, CaseIterable {
    /// Made and marked by this installation.
    case ours
    /// Named in the configuration, or adopted by an operator's word.
    case named
    case foreign
  }

  package enum State: String, Sendable, CaseIterable {
    /// A rotation is about to put it in force.
    case inFlight = "in-flight"
    case inForce = "in-force"
    /// It was in force; it is deleted when its overlap is over.
    case retiring
    /// It was made and is of no use.
    case givenUp = "given-up"
    case deleted
  }

  /// What is known here of how it leaves the platform.
  package enum Departure: String, Sendable, CaseIterable {
    /// Its deletion was begun here: once it is gone, that is certrotd's doing.
    case asked
    /// It was in force when it was found to be gone: no more is told of it.
    case noticed
  }

  package var guid: String
  package var name: String
  /// The GUID of its service instance.
  package var instance: String
  package var owner: Owner
  package var state: State
  package var serial: String?
  package var leaf: Fingerprint?
  package var notBefore: Date?
  package var notAfter: Date?
  package var overlapEnds: Date?
  /// Nil for one that nobody here deletes or misses.
  package var departure: Departure?
  /// Why it is in its state, where that needs a reason: for people, and nothing depends on it.
  package var reason: String?

  package init(
    guid: String, name: String, instance: String, owner: Owner, state: State, serial: String? = nil,
    leaf: Fingerprint? = nil, notBefore: Date? = nil, notAfter: Date? = nil, overlapEnds: Date? = nil,
    departure: Departure? = nil, reason: String? = nil
  ) {
    self.guid = guid
    self.name = name
    self.instance = instance
    self.owner = owner
    self.state = state
    self.serial = serial
    self.leaf = leaf
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.overlapEnds = overlapEnds
    self.departure = departure
    self.reason = reason
  }
}
